import { PlainBrowser } from './browser.ts';
import { signIn } from './sign-in.ts';
import { startStage } from './stage.ts';
import { makeFile } from './test-file.ts';

const [cut, size] = process.argv.slice(2).map(Number) as [number, number];
const stage = await startStage();
const browser = await PlainBrowser.launch();
try {
  const tab = await browser.open('about:blank');
  await signIn(tab, stage);
  const file = await makeFile('/tmp/try/b.bin', size);
  await stage.proxy.set({ cutAfterBytes: cut });
  stage.proxy.forget();
  const t = Date.now();
  await tab.pick([file.path]);
  await tab
    .untilWithin(90000, () => document.querySelector('[data-upload][data-state=stored]'))
    .catch((e) => console.log(e.message));
  console.log('ms', Date.now() - t, stage.proxy.counts, stage.proxy.counts.fromClients / size);
  const t0 = stage.proxy.requests[0]!.startedAt;
  console.log(
    stage.proxy.requests
      .map((r) =>
        [
          r.connection,
          r.startedAt - t0,
          r.method,
          r.path.split('/').at(-1)!.slice(-6),
          'off',
          r.headers['upload-offset'],
          r.headers['content-length'],
          r.headers['upload-complete'],
          'body',
          r.bodyBytes,
          r.headers['upload-attempt']?.slice(0, 4),
          r.status,
          r.answeredAt && r.answeredAt - r.startedAt,
        ].join(' '),
      )
      .join('\n'),
  );
} finally {
  await browser.close();
  await stage.close();
}
