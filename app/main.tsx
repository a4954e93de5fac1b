import { render } from 'preact';
import { App } from './app.tsx';
import { watchAttention } from './attention.ts';
import { tellDevice } from './device.ts';
import { startLanguage } from './i18n.ts';
import { watchInbox } from './inbox.ts';
import { watchInstall } from './install/install.ts';
import { watchManifest } from './install/manifest-link.ts';
import { allTaken, watchWindow } from './intake.ts';
import { watchLaunches } from './launch.ts';
import { ping, startPresence } from './presence.ts';
import { applyNews } from './state.ts';
import { watchTheme } from './theme.ts';
import { watchWakeLock } from './wake-lock.ts';
import { onBeforeReload, onBeforeUpdate, onNews, startWorker } from './worker.ts';

onNews(applyNews);
startWorker();
onBeforeUpdate(allTaken);
// A new worker knows nothing of the files that only this page has; the reply to a ping asks for them.
onBeforeReload(ping);
startPresence();
watchWindow();
watchTheme();
watchAttention();
watchInstall();
watchInbox();
watchLaunches();
watchWakeLock();
const hasTexts = await startLanguage();

const root = document.getElementById('app');
if (root && hasTexts) {
  render(<App />, root);
  tellDevice();
  watchManifest();
} else {
  // Said in the words of the document itself, since there are no others.
  document.getElementById('no-texts')?.removeAttribute('hidden');
}
