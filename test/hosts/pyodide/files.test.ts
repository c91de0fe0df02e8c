import assert from 'node:assert/strict'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { planMounts } from '#src/hosts/pyodide/mounts.ts'
import { findPackages } from '#src/hosts/pyodide/find-packages.ts'
import { servePython } from './serve-python.ts'

function folderOf(t: TestContext): string {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'plait-mounts-')))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const attempts = `
def attempt(environ):
    name = environ["QUERY_STRING"]
    try:
        result = ATTEMPTS[name]()
    except BaseException as error:
        return "%s %s" % (type(error).__name__, error)
    return "done %r" % (result,)

ATTEMPTS = {
    "passwd": lambda: open("/etc/passwd"),
    "outside": lambda: os.listdir(os.path.dirname(os.getcwd())) != [os.path.basename(os.getcwd())],
    "link": lambda: open("passwd-link").read(),
    "write": lambda: open("app.py", "w"),
    "append": lambda: open("app.py", "a"),
    "update": lambda: open("app.py", "r+"),
    "create": lambda: open("new.txt", "x"),
    "mkdir": lambda: os.mkdir("folder"),
    "unlink": lambda: os.unlink("app.py"),
    "rename": lambda: os.rename("app.py", "other.py"),
    "rename-in": lambda: os.rename("app.py", "data/other.py"),
    "replace": lambda: os.replace("data/new", "app.py"),
    "chmod": lambda: os.chmod("app.py", 0o777),
    "utime": lambda: os.utime("app.py"),
    "truncate": lambda: os.truncate("app.py", 0),
    "symlink": lambda: os.symlink("app.py", "link.py"),
    "rmdir": lambda: os.rmdir("empty"),
    "subprocess": lambda: __import__("subprocess").run(["true"]),
    "thread": lambda: __import__("threading").Thread(target=print).start(),
    "socket": lambda: __import__("urllib.request").request.urlopen("http://127.0.0.1:1/", timeout=2),
}

def writes(environ):
    os.makedirs("data/deep/er", exist_ok=True)
    with open("data/deep/er/note.txt", "w") as file:
        file.write("written")
    with open("data/deep/er/note.txt", "a") as file:
        file.write(" twice")
    os.rename("data/deep/er/note.txt", "data/note.txt")
    os.rmdir("data/deep/er")
    return open("data/note.txt").read()

def stores(environ):
    import sqlite3
    database = sqlite3.connect("data/test.sqlite")
    database.execute("create table if not exists visits (number)")
    database.execute("insert into visits values (1)")
    database.commit()
    count = database.execute("select count(*) from visits").fetchone()[0]
    database.close()
    return str(count)

def temporary(environ):
    import tempfile
    with tempfile.TemporaryFile() as file:
        return "%s %s" % (tempfile.gettempdir(), file.write(b"abc"))
`

test('PyodideHost shows an application its own directory, and nothing else of the machine', async (t) => {
  const { text, folder } = await servePython(t, attempts, { files: { 'beside/other.txt': 'seen' } })
  symlinkSync('/etc/passwd', path.join(folder, 'passwd-link'))
  assert.match(await text('/attempt?passwd'), /^FileNotFoundError /)
  assert.equal(await text('/attempt?outside'), 'done False')
  assert.match(await text('/attempt?link'), /^FileNotFoundError /)
})

test('PyodideHost mounts the directory read-only: whatever would change it raises OSError', async (t) => {
  const { text, folder } = await servePython(t, attempts)
  mkdirSync(path.join(folder, 'empty'))
  writeFileSync(path.join(folder, 'data/new'), 'new')
  const before = readFileSync(path.join(folder, 'app.py'), 'utf8')
  const { mode, mtimeMs } = statSync(path.join(folder, 'app.py'))
  const names = ['write', 'append', 'update', 'create', 'mkdir', 'unlink', 'rename', 'chmod', 'utime', 'truncate', 'symlink']
  for (const name of [...names, 'rmdir']) assert.match(await text(`/attempt?${name}`), /^OSError .*Read-only file system/, name)
  // From one mount to another: the error of a rename between file systems.
  for (const name of ['rename-in', 'replace'])
    assert.match(await text(`/attempt?${name}`), /^OSError .*(?:Read-only|ross-)/, name)
  assert.equal(readFileSync(path.join(folder, 'app.py'), 'utf8'), before)
  const after = statSync(path.join(folder, 'app.py'))
  assert.deepEqual([after.mode, after.mtimeMs], [mode, mtimeMs])
  assert.ok(existsSync(path.join(folder, 'empty')))
  assert.ok(!existsSync(path.join(folder, 'new.txt')))
})

test('PyodideHost lets an application write below a writable directory, as seen outside, with the umask of the server', async (t) => {
  const { text, folder } = await servePython(t, attempts)
  assert.equal(await text('/writes'), 'written twice')
  assert.equal(readFileSync(path.join(folder, 'data/note.txt'), 'utf8'), 'written twice')
  assert.equal(statSync(path.join(folder, 'data/note.txt')).mode & 0o777, 0o666 & ~process.umask())
  assert.ok(existsSync(path.join(folder, 'data/deep')) && !existsSync(path.join(folder, 'data/deep/er')))
  assert.equal(await text('/stores'), '1')
  assert.equal(await text('/stores'), '2')
  assert.match(await text('/temporary'), /^\/tmp 3$/)
})

test('PyodideHost has no subprocesses, threads and sockets: each raises an error that says so', async (t) => {
  const { text } = await servePython(t, attempts)
  assert.match(await text('/attempt?subprocess'), /^OSError .*does not support processes/)
  assert.match(await text('/attempt?thread'), /^RuntimeError can't start new thread/)
  assert.match(await text('/attempt?socket'), /^(?:URLError|OSError|TimeoutError) /)
})

test('PyodideHost says of a package in C for another system what is the matter with it', async (t) => {
  const files = {
    'packages/native/__init__.py': 'from native._speedups import fast',
    'packages/native/_speedups.cpython-311-x86_64-linux-gnu.so': 'an ELF file',
    'packages/pure.py': 'name = "pure"',
  }
  const source = `
def loads(environ):
    import pure
    try:
        import native
    except ImportError as error:
        return "%s: %s" % (pure.name, error)
`
  const { text } = await servePython(t, source, { files, spec: { pythonPath: ['packages'] } })
  assert.match(
    await text('/loads'),
    /^pure: No module named 'native\._speedups'.*native\/_speedups\.cpython-311-x86_64-linux-gnu\.so.*WebAssembly/,
  )
})

test('planMounts shows outer folders first, links under both names, and nothing twice', (t) => {
  const folder = folderOf(t)
  mkdirSync(path.join(folder, 'app/data'), { recursive: true })
  mkdirSync(path.join(folder, 'app/lib'))
  symlinkSync(path.join(folder, 'app'), path.join(folder, 'link'))
  const at = (name: string): string => path.join(folder, name)
  const app = { folder: at('app'), writable: false }
  assert.deepEqual(planMounts([at('app'), at('app/lib'), at('app')], [at('app/data')]), {
    mounts: [app, { folder: at('app/data'), writable: true }],
    links: [],
  })
  assert.deepEqual(planMounts([at('link')], []), { mounts: [app], links: [{ at: at('link'), folder: at('app') }] })
  // What is read-only within a writable one stays so.
  assert.deepEqual(planMounts([at('app/lib')], [at('app')]).mounts, [
    { folder: at('app'), writable: true },
    { folder: at('app/lib'), writable: false },
  ])
})

test('PyodideHost finds what links lead to, in its directory and on the way to it', async (t) => {
  const folder = folderOf(t)
  mkdirSync(path.join(folder, 'packages'))
  writeFileSync(path.join(folder, 'packages/beside.py'), 'name = "beside"')
  const links = folderOf(t)
  symlinkSync(folder, path.join(links, 'way'))
  const source = `
def loads(environ):
    import beside
    return beside.name
`
  const { text, folder: app } = await servePython(t, source, {
    spec: { pythonPath: [path.join(links, 'way/packages'), 'inner'] },
    links: { inner: path.join(folder, 'packages') },
  })
  assert.ok(existsSync(path.join(app, 'inner/beside.py')))
  assert.equal(await text('/loads'), 'beside')
})

test('planMounts refuses what is not there, and folders that the interpreter has for itself', (t) => {
  const folder = folderOf(t)
  assert.throws(() => planMounts([path.join(folder, 'nowhere')], []), {
    code: 'PLAIT_CONFIGURATION',
    message: /There is no directory/,
  })
  assert.throws(() => planMounts(['/'], []), { code: 'PLAIT_CONFIGURATION', message: /Pyodide has its own \// })
})

test('findPackages takes the venv asked for, then VIRTUAL_ENV, .venv, venv and that of the project', (t) => {
  const folder = folderOf(t)
  const venv = (name: string): string => {
    const packages = path.join(folder, name, 'lib/python3.12/site-packages')
    mkdirSync(packages, { recursive: true })
    mkdirSync(path.join(folder, name, 'bin'))
    writeFileSync(path.join(folder, name, 'bin/python'), '')
    writeFileSync(path.join(folder, name, 'pyvenv.cfg'), '')
    return packages
  }
  const cwd = path.join(folder, 'app')
  mkdirSync(cwd)
  const find = (env: Record<string, string> = {}, python?: string): string | undefined =>
    findPackages({ cwd, env, python })?.folder
  assert.equal(find(), undefined)
  writeFileSync(path.join(folder, 'pyproject.toml'), '')
  const project = venv('.venv')
  assert.equal(find(), project)
  const plain = venv('app/venv')
  assert.equal(find(), plain)
  const hidden = venv('app/.venv')
  assert.equal(find(), hidden)
  const active = venv('active')
  assert.equal(find({ VIRTUAL_ENV: path.join(folder, 'active') }), active)
  assert.equal(find({}, '../active'), active)
  assert.equal(find({}, '../active/bin/python'), active)
  assert.equal(find({}, 'python3.99'), undefined)
})
