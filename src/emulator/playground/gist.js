/** A message in a few words, for a quote. */
export function gist(message) {
  if (!message) return 'an earlier message';
  if (message.deleted) return 'a message that was unsent';
  const [attachment] = message.attachments ?? [];
  const { text, title, template_type: kind, elements } = attachment?.payload ?? {};
  return message.text ?? message.postback?.title ?? text ?? title ?? elements?.[0]?.title ?? kind ?? attachment?.type ?? 'a message';
}
