// Where training happens: in a worker, so that the page stays smooth; in the page itself only where
// there is no worker, because the page was opened as a file.
import { makeLoop } from "./training-loop.js";

/** Make this script the worker. */
export function serve(scope) {
  const receive = makeLoop((frame, buffers) => scope.postMessage(frame, buffers));
  scope.onmessage = ({ data }) => receive(data);
}

/** Return a function that sends messages to a new loop, whose frames go to `take`. */
export function makeEngine(script, take) {
  if (location.protocol === "file:") return makeLoop(take);
  const worker = new Worker(script);
  worker.onmessage = ({ data }) => take(data);
  return (message) => worker.postMessage(message);
}
