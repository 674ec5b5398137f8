// One Python in a worker: code goes in, and what it prints and shows comes out.
export class Session {
  #worker = null;
  #waiting = new Map();
  #last = 0;

  // `onchange` is told {progress, share} while Python loads, and {ready: true}, and {ended: true}.
  constructor(script, onchange) {
    this.script = script;
    this.onchange = onchange;
  }

  start() {
    if (this.#worker) return;
    this.#worker = new Worker(this.script);
    this.#worker.onmessage = ({ data }) => this.#take(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#take({ failed: event.message });
    };
  }

  // Return {stdout, outputs, value, error}; `ontext` gets what is printed meanwhile.
  run(code, name, ontext = () => {}) {
    this.start();
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject, ontext });
      this.#worker.postMessage({ id, code, name });
    });
  }

  // End it, whatever it does; the next run starts another.
  end(reason) {
    this.#worker?.terminate();
    this.#worker = null;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    this.onchange({ ended: true });
    for (const { reject } of waiting) reject(new Error(reason));
  }

  #take(message) {
    if ("failed" in message) {
      this.end("Python could not be loaded here. What the page shows was computed before and holds.");
    } else if (!("id" in message)) {
      this.onchange(message);
    } else if (!("error" in message)) {
      this.#waiting.get(message.id)?.ontext(message.stdout);
    } else {
      this.#waiting.get(message.id)?.resolve(message);
      this.#waiting.delete(message.id);
      if (message.error?.broken) this.end("Python had to be started anew: press Run again.");
    }
  }
}
