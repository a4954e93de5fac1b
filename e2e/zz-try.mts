import { execSync } from 'node:child_process';
import { PlainBrowser } from './browser.ts';
import { startStage } from './stage.ts';

const stage = await startStage();
const browser = await PlainBrowser.launch();
try {
  const tab = await browser.open(stage.origin + '/signin');
  await new Promise((r) => setTimeout(r, 2500));
  console.log(
    await tab.evaluate(
      () => document.body.innerText + '\n' + location.href + ' ctrl=' + !!navigator.serviceWorker.controller,
    ),
  );
  await tab.evaluate(() => {
    const i = document.querySelector('input[name=email]') as HTMLInputElement;
    i.value = 'ada@example.org';
    i.dispatchEvent(new Event('input', { bubbles: true }));
    (i.form as HTMLFormElement).requestSubmit();
  });
  await new Promise((r) => setTimeout(r, 2500));
  console.log(await tab.evaluate(() => document.body.innerText));
  console.log(stage.proxy.requests.map((r) => r.method + ' ' + r.path + ' ' + r.status).join('\n'));
  console.log(
    await tab.evaluate(async () => {
      const r = await fetch('/api/auth/email-otp/send-verification-otp', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ email: 'ada@example.org', type: 'sign-in' }),
      });
      return r.status + (await r.text());
    }),
  );
} finally {
  await browser.close();
  await stage.close();
}
