import { render } from 'preact';
import { App } from './app.tsx';
import { startLanguage } from './i18n.ts';
import { watchWindow } from './intake.ts';
import { startPresence } from './presence.ts';
import { applyNews } from './state.ts';
import { onNews, startWorker } from './worker.ts';

onNews(applyNews);
startWorker();
startPresence();
watchWindow();
await startLanguage();

const root = document.getElementById('app');
if (root) render(<App />, root);
