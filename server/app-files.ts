import { readFile, stat } from 'node:fs/promises';
import { extname, join, normalize, sep } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { MiddlewareHandler } from 'hono';
import type { Config } from './config.ts';
import type { ServerEnv } from './services.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};
/** Below this, each address is a link to a share, and its page is one of its own. */
const SHARES = '/s/';
const COMPRESSED = /^(text\/|application\/(json|manifest)|image\/svg)/;
const gzipped = promisify(gzip);

interface AppFile {
  readonly modifiedAt: number;
  readonly plain: Buffer<ArrayBuffer>;
  /** Null where it would not get smaller. */
  readonly gzip: Buffer<ArrayBuffer> | null;
}

/**
 * Serves the built app. A navigation to an address that is no file gets the page, which finds its own way: the same
 * page is precached by the worker, and it is the page that knows whether anyone is signed in. A shared link has a page
 * of its own, for people who have nothing to do with the rest.
 */
export function serveApp(config: Config): MiddlewareHandler<ServerEnv> {
  const cache = new Map<string, AppFile>();
  return async (c, next) => {
    const { path, method } = c.req;
    if ((method !== 'GET' && method !== 'HEAD') || path === '/api' || path.startsWith('/api/')) return next();
    const name = fileNameOf(path);
    const isShare = path.startsWith(SHARES);
    let served = name === null || isShare ? null : await load(cache, config.appDir, name);
    let servedName = name ?? '';
    if (isShare) {
      servedName = 'share.html';
      served = await load(cache, config.appDir, servedName);
    }
    if (!served && (isShare || isNavigation(c.req.header('Sec-Fetch-Mode'), c.req.header('Accept'), path))) {
      servedName = 'index.html';
      served = await load(cache, config.appDir, servedName);
    }
    if (!served) return next();
    const type = TYPES[extname(servedName)] ?? 'application/octet-stream';
    const packed = /\bgzip\b/.test(c.req.header('Accept-Encoding') ?? '') ? served.gzip : null;
    return c.body(packed ?? served.plain, 200, {
      'Content-Type': type,
      'Cache-Control': cacheControl(servedName),
      'Content-Security-Policy': contentSecurityPolicy(servedName, config),
      Vary: 'Accept-Encoding',
      ...(packed ? { 'Content-Encoding': 'gzip' } : {}),
      ...(type.startsWith('text/html') ? PAGE_HEADERS : {}),
      ...(isShare ? SHARE_HEADERS : {}),
    });
  };
}

const PAGE_HEADERS = {
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=()',
};

/** The address is all it takes: it goes to no other site, and into no index. */
const SHARE_HEADERS = { 'Referrer-Policy': 'no-referrer', 'X-Robots-Tag': 'noindex' };

/** Names with a hash of their content never change (Vite's `assets/`); all else is asked for again each time. */
function cacheControl(name: string): string {
  return name.startsWith(`assets${sep}`) ? 'public, max-age=31536000, immutable' : 'no-cache';
}

function contentSecurityPolicy(name: string, { apiOrigin, publicUrl, appOrigin }: Config): string {
  const others = [publicUrl, apiOrigin].filter(
    (origin, at, all) => origin !== appOrigin && all.indexOf(origin) === at,
  );
  const from = (directive: string) => [`${directive} 'self'`, ...others].join(' ');
  const connect = from('connect-src');
  if (name === 'sw.js') return `default-src 'none'; ${connect}; script-src 'self'`;
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    // Of a shared link's page, which no worker serves, the pictures are at the API.
    `${from('img-src')} blob: data:`,
    // Previews: a film by its own address or from the device, a PDF in a frame that nothing can run in (content.ts).
    `${from('media-src')} blob:`,
    from('frame-src'),
    "font-src 'self'",
    connect,
    "manifest-src 'self'",
    "worker-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** The file that a path names, below the app's folder in any case; null for what can be none. */
function fileNameOf(path: string): string | null {
  let name: string;
  try {
    name = normalize(decodeURIComponent(path)).replace(/^[/\\]+/, '');
  } catch {
    return null;
  }
  if (name === '' || name.includes('\0') || name.split(/[/\\]/).some((step) => step.startsWith('.')))
    return null;
  return name;
}

function isNavigation(mode: string | undefined, accept: string | undefined, path: string): boolean {
  if (mode !== undefined) return mode === 'navigate';
  return path === '/' || (accept ?? '').includes('text/html');
}

/** Read once and kept, until the file changes: a build may replace the app under a running server. */
async function load(cache: Map<string, AppFile>, folder: string, name: string): Promise<AppFile | null> {
  const path = join(folder, name);
  const facts = await stat(path).catch(() => null); // not there is an ordinary answer
  if (!facts?.isFile()) return null;
  const kept = cache.get(name);
  if (kept?.modifiedAt === facts.mtimeMs) return kept;
  const plain = await readFile(path);
  const packed = COMPRESSED.test(TYPES[extname(name)] ?? '') ? await gzipped(plain) : null;
  const file = {
    modifiedAt: facts.mtimeMs,
    plain,
    gzip: packed && packed.length < plain.length ? packed : null,
  };
  cache.set(name, file);
  return file;
}
