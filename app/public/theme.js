// Before the first paint: what a person chose on this device. A file of its own, and no script of the document's,
// since the page's policy allows none.
try {
  const chosen = localStorage.getItem('holdfast.theme');
  if (chosen) document.documentElement.dataset.theme = chosen;
} catch {
  // A browser that keeps nothing for this site: it looks like the system.
}
