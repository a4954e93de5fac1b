// A server that a rival uploads to, in a process of its own: `node rival-server.mjs raw|tus PORT FOLDER`.
// Its `/` is an empty page with a file input, for the script that the benchmark runs in it.
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

const [kind, port, folder] = process.argv.slice(2);
// It takes what is picked out of the input, as the app does: `Tab.pick` looks whether somebody has heard.
const page = `<!doctype html><title>rival</title><input type="file" id="pick" multiple>
<script>pick.onchange = () => { globalThis.picked = [...pick.files]; pick.value = ''; };</script>`;
let files = 0;

const upload = kind === 'tus' ? await tusHandler() : rawHandler;
const script = kind === 'tus' ? await tusScript() : '';

createServer((request, response) => {
  if (request.url === '/') return response.setHeader('Content-Type', 'text/html').end(page);
  if (request.url === '/tus.js') return response.setHeader('Content-Type', 'text/javascript').end(script);
  upload(request, response);
}).listen(Number(port), '127.0.0.1');

/** The least a server can do: the body goes to a file, then the answer goes out. */
async function rawHandler(request, response) {
  try {
    await pipeline(request, createWriteStream(join(folder, `raw-${files++}`)));
    response.writeHead(204).end();
  } catch {
    response.destroy();
  }
}

async function tusHandler() {
  const { Server } = await import('@tus/server');
  const { FileStore } = await import('@tus/file-store');
  const server = new Server({ path: '/files', datastore: new FileStore({ directory: folder }) });
  return (request, response) => server.handle(request, response);
}

function tusScript() {
  const file = createRequire(import.meta.url).resolve('tus-js-client/package.json');
  return readFile(join(file, '..', 'dist', 'tus.min.js'), 'utf8');
}
