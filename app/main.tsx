import { render } from 'preact';
import { App } from './app.tsx';
import { watchAttention } from './attention.ts';
import { startLanguage } from './i18n.ts';
import { watchWindow } from './intake.ts';
import { ping, startPresence } from './presence.ts';
import { applyNews } from './state.ts';
import { onBeforeReload, onNews, startWorker } from './worker.ts';

onNews(applyNews);
startWorker();
// A new worker knows nothing of the files that only this page has; the reply to a ping asks for them.
onBeforeReload(ping);
startPresence();
watchWindow();
watchAttention();
await startLanguage();

const root = document.getElementById('app');
if (root) render(<App />, root);
