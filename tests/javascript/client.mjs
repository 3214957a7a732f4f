// Does what lines of JSON on standard input say, one socket per process, and tells everything that happens to it.
import { createInterface } from "node:readline";
import { io } from "socket.io-client";

const tell = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
let socket;
let token;

const acts = {
  connect({ url, path, transports, token: first }) {
    token = first;
    socket = io(url, {
      path,
      transports,
      auth: (send) => send({ token }),
      reconnectionDelay: 100,
      reconnectionDelayMax: 500,
    });
    socket.on("connect", () => tell({ told: "connect", transport: socket.io.engine.transport.name }));
    socket.on("connect_error", ({ message, data }) =>
      tell({ told: "connect_error", message, data: data ?? null, active: socket.active }),
    );
    socket.on("disconnect", (reason) => tell({ told: "disconnect", reason, active: socket.active }));
    socket.io.engine.on("upgrade", ({ name }) => tell({ told: "upgrade", transport: name }));
    socket.onAny((event, data) => tell({ told: "event", event, data }));
  },
  token({ token: next }) {
    token = next;
  },
  again() {
    socket.connect();
  },
  async ask({ event, data }) {
    tell({ told: "answer", event, answer: await socket.timeout(10_000).emitWithAck(event, data) });
  },
  end() {
    socket?.disconnect();
    process.exit();
  },
};

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const { act, ...rest } = JSON.parse(line);
    acts[act](rest);
  })
  .on("close", () => acts.end());
