// `npm run dev`: the API server, started again when its files change, and Vite's server for page and worker.
import { spawn } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const PAGE_ORIGIN = 'http://localhost:5173';

const children = [
  // The page's origin is Vite's: cookies, Origin checks and mails must name that one.
  start(['--watch', '--watch-preserve-output', 'server/main.ts'], { PUBLIC_URL: PAGE_ORIGIN }),
  start([join('node_modules', 'vite', 'bin', 'vite.js')], {}),
];

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, stop);
// One without the other is no use: a page without its API, or the reverse.
for (const child of children) child.on('exit', stop);

function start(args, env) {
  return spawn(process.execPath, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } });
}

function stop() {
  for (const child of children)
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
}
