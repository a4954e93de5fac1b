/** Whether `typed` is the address `email`, as a person would say: case and spaces around it do not count. */
export function isSameAddress(typed: string, email: string): boolean {
  return email !== '' && plain(typed) === plain(email);
}

function plain(text: string): string {
  return text.trim().normalize('NFC').toLowerCase();
}
