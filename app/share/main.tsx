import { render } from 'preact';
import { startLanguage } from '../i18n.ts';
import { SharePage } from './share-page.tsx';

// The page of a shared link: no account, no worker, and nothing of the app but its words and looks.
const hasTexts = await startLanguage();

const root = document.getElementById('app');
if (root && hasTexts) render(<SharePage token={location.pathname.split('/')[2] ?? ''} />, root);
else document.getElementById('no-texts')?.removeAttribute('hidden');
