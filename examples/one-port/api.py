from flask import Flask, request

app = Flask(__name__)


@app.get("/hello")
def hello():
    return {"message": "Hello from Flask", "mounted_at": request.script_root}
