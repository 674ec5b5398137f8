/* Python in a worker: takes {id, code, name, arrays}, answers {id, stdout, value, error, outputs}.

   All that belongs to this one build of Python (xeus: CPython 3.11 and NumPy 1.25, compiled to
   WebAssembly) stands here. The folder `runtime` holds it, compressed. Each file's name carries a
   hash of what is in it, so that what was fetched once is never fetched again. */
"use strict";

const FOLDER = new URL("runtime/", self.location).href;
const CACHE = "nnreg-live";

/** Give the folder's files by name, out of the cache if they are there, and count their bytes. */
class Files {
  async open() {
    const list = await fetch(FOLDER + "files.json", { cache: "no-cache" });
    if (!list.ok) throw new Error(`no list of files: ${list.status}`);
    this.files = await list.json();
    this.total = Object.values(this.files).reduce((sum, file) => sum + file.bytes, 0);
    this.read = 0;
    // Without https a browser has no such cache; its own one serves as well, for a shorter time.
    this.cache = await self.caches?.open(CACHE).catch(() => undefined);
    await this.forgetOlder();
  }

  async forgetOlder() {
    const kept = Object.values(this.files).map((file) => FOLDER + file.name);
    for (const { url } of (await this.cache?.keys()) ?? []) {
      if (url.startsWith(FOLDER) && !kept.includes(url)) await this.cache.delete(url);
    }
  }

  /** Return a Response of the unpacked file, which arrives while it is read. */
  async unpacked(key, type) {
    const address = FOLDER + this.files[key].name;
    let answer = await this.cache?.match(address);
    if (!answer) {
      answer = await fetch(address);
      if (!answer.ok) throw new Error(`${this.files[key].name}: ${answer.status}`);
      // A full disk is no reason not to run.
      this.cache?.put(address, answer.clone()).catch(() => {});
    }
    const count = new TransformStream({
      transform: (chunk, controller) => {
        this.read += chunk.byteLength;
        postMessage({ progress: "Python", share: this.read / this.total });
        controller.enqueue(chunk);
      },
    });
    const stream = answer.body.pipeThrough(count).pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream, { headers: { "Content-Type": type } });
  }

  /** Return [path, bytes] of each file in a pack: a list of paths and sizes, then the bytes. */
  async pack(key) {
    const buffer = await (await this.unpacked(key, "application/octet-stream")).arrayBuffer();
    const length = new DataView(buffer).getUint32(0, true);
    const list = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
    let start = 4 + length;
    return list.map(([path, size]) => [path, new Uint8Array(buffer, start, (start += size, size))]);
  }
}

async function startPython() {
  const files = new Files();
  await files.open();
  const machine = files.unpacked("machine", "application/wasm");
  const packs = Promise.all([files.pack("python"), files.pack("book")]);
  const script = await (await files.unpacked("script", "text/javascript")).blob();
  importScripts(URL.createObjectURL(script));

  const quiet = () => {};
  console.log = console.debug = quiet; // it tells a console much about its start
  const python = await new Promise((done, fail) => {
    createXeusModule({
      print: quiet,
      printErr: quiet,
      instantiateWasm(imports, receive) {
        const built = machine.then((answer) => WebAssembly.instantiateStreaming(answer, imports));
        built.then(({ instance, module }) => receive(instance, module)).catch(fail);
      },
    }).then(done, fail);
  });
  for (const [path, bytes] of (await packs).flat()) {
    const folder = path.slice(0, path.lastIndexOf("/"));
    if (!python.FS.analyzePath(folder).exists) python.FS.mkdirTree(folder);
    python.FS.writeFile(path, bytes, { canOwn: true });
  }
  python.setenv("PYTHONHASHSEED", "0"); // as where the stored outputs were made
  await python.init("/", [3, 11]);
  python.exec("import sys; sys.path.insert(0, '/packages'); import live_runner");
  return python;
}

/** Run one cell and answer. What Python writes meanwhile, it streams by itself (live_runner.py). */
function run(python, { id, code, name, arrays = [] }) {
  let answer;
  try {
    const request = JSON.stringify({ id, code, name, arrays });
    answer = JSON.parse(python.eval("live_runner.run").py_call(request));
  } catch (error) {
    answer = { stdout: "", outputs: [], value: null, error: broken(error) };
  }
  const buffers = [];
  for (const array of Object.values(answer.arrays ?? {})) {
    array.buffer = python.FS.readFile(array.file).buffer;
    delete array.file;
    buffers.push(array.buffer);
  }
  postMessage({ id, ...answer }, buffers);
}

/** Return the text of an error, of JavaScript or of Python. */
function said(error) {
  return error.message ?? String(error);
}

/** Say what is wrong when Python itself gave up, as on a recursion that is too deep. */
function broken(error) {
  const deep = error instanceof RangeError || /call stack|recursion/i.test(said(error));
  return {
    name: deep ? "RecursionError" : "RuntimeError",
    message: deep ? "this goes deeper than the page's Python can" : `Python stopped: ${said(error)}`,
    traceback: "",
    broken: true, // the page had better start another worker
  };
}

self.tell = (text) => postMessage(JSON.parse(text)); // for live_runner.py, while a cell runs

const started = performance.now();
const python = startPython();
python.then(
  () => postMessage({ ready: true, seconds: (performance.now() - started) / 1000 }),
  (error) => postMessage({ failed: said(error) }),
);
self.onmessage = async ({ data }) => run(await python, data);
