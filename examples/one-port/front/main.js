const answer = await (await fetch('/api/hello')).json()
document.querySelector('#api').textContent = `${answer.message}, mounted at ${answer.mounted_at}`
