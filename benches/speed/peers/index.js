// Bottender's echo bot. It keeps nothing, and checks the older signature alone.
module.exports = async function App(context) {
  if (context.event.isText && !context.event.isEcho) await context.sendText(context.event.text);
};
