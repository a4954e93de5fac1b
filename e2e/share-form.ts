/**
 * In the page: a form that is posted, as a navigation of its own, as an app does that shares into this one. `wanted` are
 * names and sizes in bytes.
 */
export function postShare(wanted: Record<string, number>): void {
  const form = document.createElement('form');
  Object.assign(form, { method: 'POST', action: '/share-target', enctype: 'multipart/form-data' });
  const input = document.createElement('input');
  Object.assign(input, { type: 'file', name: 'files', multiple: true });
  const transfer = new DataTransfer();
  for (const [name, bytes] of Object.entries(wanted)) {
    transfer.items.add(new File([new Uint8Array(bytes).fill(7)], name, { type: 'image/jpeg' }));
  }
  input.files = transfer.files;
  form.append(input);
  document.body.append(form);
  form.submit();
}
