import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { poll } from './poll.ts';

const run = promisify(execFile);

/** One request as nginx answered it. */
export interface Answered {
  /** Ms since the epoch. */
  at: number;
  status: number;
  /** `HTTP/2.0`. */
  protocol: string;
  path: string;
}

/** nginx before a server, as in production: TLS by a certificate of its own, HTTP/2, bodies passed on as they come. */
export class Nginx {
  readonly origin: string;
  /** For `--ignore-certificate-errors-spki-list`, with which a browser trusts it. */
  readonly keyHash: string;
  readonly #folder: string;
  readonly #child: ChildProcess;

  private constructor(folder: string, origin: string, keyHash: string, child: ChildProcess) {
    this.#folder = folder;
    this.origin = origin;
    this.keyHash = keyHash;
    this.#child = child;
  }

  /** Starts it in `folder`, on `port`, before the server that listens on loopback at `serverPort`. */
  static async start(folder: string, port: number, serverPort: number): Promise<Nginx> {
    await mkdir(folder, { recursive: true });
    await makeCertificate(folder);
    const conf = join(folder, 'nginx.conf');
    await writeFile(conf, configuration(folder, port, serverPort));
    const child = spawn('nginx', ['-e', join(folder, 'error.log'), '-c', conf], { stdio: 'ignore' });
    await once(child, 'spawn');
    await poll('nginx to listen', 10_000, async () => {
      if (child.exitCode !== null) throw new Error(await readFile(join(folder, 'error.log'), 'utf8'));
      return (await isListening(port)) || undefined;
    });
    const { publicKey } = new X509Certificate(await readFile(join(folder, 'server.pem')));
    const spki = publicKey.export({ type: 'spki', format: 'der' });
    const keyHash = createHash('sha256').update(spki).digest('base64');
    return new Nginx(folder, `https://localhost:${port}`, keyHash, child);
  }

  /** Every request so far. */
  async answered(): Promise<Answered[]> {
    const log = await readFile(join(this.#folder, 'access.log'), 'utf8');
    return log
      .trimEnd()
      .split('\n')
      .map((line) => {
        const [seconds = '', status = '', protocol = '', path = ''] = line.split(' ');
        return { at: Math.round(Number(seconds) * 1000), status: Number(status), protocol, path };
      });
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await ended;
  }
}

/** An authority of its own, and by it a certificate for `localhost`, good for a day. */
async function makeCertificate(folder: string): Promise<void> {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const at = (name: string) => join(folder, name);
  await run('openssl', [
    ...['req', '-x509', ...key, '-days', '1', '-subj', '/CN=Holdfast tests'],
    ...['-keyout', at('ca.key'), '-out', at('ca.pem')],
  ]);
  await run('openssl', [
    ...['req', ...key, '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'],
    ...['-keyout', at('server.key'), '-out', at('server.csr')],
  ]);
  await run('openssl', [
    ...['x509', '-req', '-in', at('server.csr'), '-CA', at('ca.pem'), '-CAkey', at('ca.key')],
    ...['-CAcreateserial', '-copy_extensions', 'copy', '-days', '1', '-out', at('server.pem')],
  ]);
}

function configuration(folder: string, port: number, serverPort: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${folder}/${kind};`)
    .join(' ');
  return `daemon off; worker_processes 1; pid ${folder}/nginx.pid; ${process.getuid?.() === 0 ? 'user root;' : ''}
events { worker_connections 1024; }
http {
  log_format answered '$msec $status $server_protocol $request_uri';
  access_log ${folder}/access.log answered;
  ${temporary}
  upstream holdfast { server 127.0.0.1:${serverPort}; keepalive 64; }
  server {
    listen 127.0.0.1:${port} ssl http2;
    server_name localhost;
    ssl_certificate ${folder}/server.pem;
    ssl_certificate_key ${folder}/server.key;
    client_max_body_size 0;
    location / {
      proxy_pass http://holdfast;
      proxy_http_version 1.1;
      proxy_request_buffering off;
      proxy_buffering off;
      proxy_set_header Connection '';
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto https;
    }
  }
}
`;
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
