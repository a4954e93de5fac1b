import { afterEach, expect, test } from 'vitest';
import {
  openUpload,
  partHeaders,
  partPath,
  problemOf,
  putPart,
  signIn,
  startTestServer,
  storeFile,
  type TestServer,
  testFile,
} from './testing.ts';

let server: TestServer;
afterEach(() => server.stop());

async function metrics(): Promise<string> {
  const answer = await fetch(`${server.url}/metrics`);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  return answer.text();
}
const value = (text: string, name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);

test('operators see what the server does, by route and not by address', async () => {
  server = await startTestServer();
  const me = await signIn(server);
  const file = await storeFile(me, 1000, { name: 'secret name' });
  const open = testFile(500, { name: 'b' });
  const sid = await openUpload(me, [open]);
  const path = partPath(sid, open.announced.id, 0);
  const half = open.bytes.subarray(0, 200);
  expect((await me.request('PUT', path, half, partHeaders(half, 0, false))).status).toBe(204);
  await me.request('GET', `/api/files/${file.id}?q=secret`);
  const odd = await fetch(`${server.url}/some/secret`, { method: 'PROPFIND' });
  expect(odd.status).toBe(404);

  const counted = 'holdfast_http_requests_total{method="GET",route="/api/files/:id",status="2xx"} 1';
  await expect.poll(metrics).toContain(counted);
  const text = await metrics();
  const numbers = {
    received_bytes_total: 1200,
    acknowledged_bytes_total: 1000,
    acknowledged_parts_total: 1,
    stored_files: 1,
    stored_bytes: 1000,
    open_uploads: 1,
    live_attempts: 0,
    sign_ins_total: 1,
    rate_limited_requests_total: 0,
  };
  for (const [name, number] of Object.entries(numbers)) {
    expect([name, value(text, `holdfast_${name}`)]).toEqual([name, number]);
  }
  expect(text).toContain('process_cpu_seconds_total');
  expect(text).toContain('holdfast_http_request_duration_seconds_bucket');
  expect(text).toContain('{method="other",route="*",status="4xx"}');
  for (const word of [file.id, sid, 'secret', me.id, me.email]) expect(text).not.toContain(word);
});

test('requests that were refused for their number are counted', async () => {
  server = await startTestServer({ REQUESTS_PER_MINUTE_PER_CLIENT: '1' });
  server.freeze();
  for (let at = 0; at < 3; at++) await (await fetch(`${server.url}/api/auth/methods`)).text();
  await expect.poll(async () => value(await metrics(), 'holdfast_rate_limited_requests_total')).toBe(2);
});

test('nobody else sees them, nor whoever comes through a proxy that is not trusted', async () => {
  server = await startTestServer();
  const ask = (headers: Record<string, string>) => fetch(`${server.url}/metrics`, { headers });
  for (const headers of [{ 'X-Forwarded-For': '127.0.0.1' }, { Forwarded: 'for=127.0.0.1' }]) {
    expect(await problemOf(await ask(headers))).toBe('404 NOT_FOUND');
  }
  await server.stop();
  server = await startTestServer({ TRUST_PROXY: '127.0.0.1', METRICS_FROM: '192.0.2.0/24, 2001:db8::7' });
  for (const address of ['192.0.2.9', '2001:db8::7']) {
    expect((await ask({ 'X-Forwarded-For': address })).status).toBe(200);
  }
  for (const headers of [{}, { 'X-Forwarded-For': '198.51.100.1' }, { 'X-Forwarded-For': '2001:db8::8' }]) {
    expect(await problemOf(await ask(headers as Record<string, string>))).toBe('404 NOT_FOUND');
  }
});

test('a part that is sent again is not counted again', async () => {
  server = await startTestServer();
  const me = await signIn(server);
  const file = testFile(300);
  const sid = await openUpload(me, [file]);
  const path = partPath(sid, file.announced.id, 0);
  for (let at = 0; at < 3; at++) expect((await putPart(me, path, file.bytes)).status).toBe(201);
  expect(value(await metrics(), 'holdfast_acknowledged_bytes_total')).toBe(300);
});
