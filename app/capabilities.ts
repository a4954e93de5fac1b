import type { Capabilities } from '../shared/capabilities.ts';

/** What this browser is and has. Asked anew each time: an app can be installed while it is open. */
export function readCapabilities(): Capabilities {
  return {
    isAppleMobile: isAppleMobile(),
    isWebKit: 'GestureEvent' in globalThis, // an interface of WebKit alone
    isInstalled: isInstalled(),
    wakes: 'SyncManager' in globalThis,
    notifies: 'Notification' in globalThis,
  };
}

/** Whether the app has a window of its own. */
export function isInstalled(): boolean {
  const { standalone } = navigator as { standalone?: boolean }; // Safari's own word for it
  return standalone === true || matchMedia('(display-mode: standalone), (display-mode: minimal-ui)').matches;
}

function isAppleMobile(): boolean {
  // An iPad says that it is a Mac; no Mac has a touch screen.
  return (
    /iPhone|iPad|iPod/.test(navigator.userAgent) ||
    ('GestureEvent' in globalThis && navigator.maxTouchPoints > 1)
  );
}
