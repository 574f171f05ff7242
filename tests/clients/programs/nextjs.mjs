// The application in examples/nextjs, served as `next dev` does. What Next.js prints goes to the log.
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";

const say = process.stdout.write.bind(process.stdout);
process.stdout.write = process.stderr.write.bind(process.stderr);
const { default: next } = await import("next");

const { APP_ORIGIN, APP_PORT } = process.env;
const port = Number(APP_PORT);
const dir = fileURLToPath(new URL("examples/nextjs", import.meta.url));
const app = next({ dev: true, turbopack: true, dir, hostname: "localhost", port });
await app.prepare();
createServer(app.getRequestHandler()).listen(port, "localhost", () => say(`${JSON.stringify({ url: APP_ORIGIN })}\n`));
