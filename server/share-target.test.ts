import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from './testing.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

test('what was shared with an app that is not there leads to a page that says so', async () => {
  const body = new FormData();
  body.append('files', new Blob(['hello']), 'a.txt');
  for (const headers of [{}, { Origin: 'null' }, { Origin: 'https://elsewhere.example' }]) {
    const init = { method: 'POST', body, headers: headers as Record<string, string> };
    const answer = await fetch(`${server.url}/share-target`, { ...init, redirect: 'manual' });
    expect([answer.status, answer.headers.get('location'), answer.headers.get('set-cookie')]).toEqual([
      303,
      '/app?share=lost',
      null,
    ]);
  }
});

test('a large body is not pulled in', async () => {
  const socket = connect(server.port, '127.0.0.1');
  const bytes = 1024 ** 3;
  socket.write(`POST /share-target HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${bytes}\r\n\r\n`);
  const chunk = Buffer.alloc(64 * 1024);
  const pour = () => {
    while (!socket.destroyed && socket.write(chunk)) {}
  };
  socket.on('drain', pour);
  pour();
  let text = '';
  socket.on('data', (data) => {
    text += data.toString('latin1');
  });
  socket.on('error', () => {}); // the server hangs up while we are still sending
  await new Promise((resolve) => socket.on('close', resolve));
  expect(text).toMatch(/^HTTP\/1\.1 303 [\s\S]*location: \/app\?share=lost/i);
  expect(socket.bytesWritten).toBeLessThan(bytes / 10);
});
