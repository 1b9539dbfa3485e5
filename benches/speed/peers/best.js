// The best that one Node process can do: `http`, `crypto` and undici. It answers 200 first, then replies to each person in order.
// It keeps nothing: what is under way when it ends is lost, and what is delivered twice is answered twice.
const http = require('http');
const crypto = require('crypto');
const {Pool} = require('undici');

const secret = process.env.APP_SECRET;
const pool = new Pool(process.env.GRAPH, {connections: 64});
const conversations = new Map();

async function reply(event) {
  const answer = await pool.request({
    path: '/v26.0/me/messages?access_token=EAAG',
    method: 'POST',
    headers: {'content-type': 'application/json'},
    body: JSON.stringify({recipient: {id: event.sender.id}, messaging_type: 'RESPONSE', message: {text: event.message.text}}),
  });
  await answer.body.json();
}

function queue(event) {
  const person = event.sender.id;
  const before = conversations.get(person) || Promise.resolve();
  const after = before.then(() => reply(event)).catch(() => {}).finally(() => {
    if (conversations.get(person) === after) conversations.delete(person);
  });
  conversations.set(person, after);
}

http.createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks);
    const claimed = Buffer.from((request.headers['x-hub-signature-256'] || '').slice(7), 'hex');
    const signature = crypto.createHmac('sha256', secret).update(body).digest();
    if (claimed.length !== signature.length || !crypto.timingSafeEqual(claimed, signature)) {
      response.statusCode = 403;
      return response.end();
    }
    const batch = JSON.parse(body);
    response.end();
    for (const entry of batch.entry) {
      for (const event of entry.messaging) {
        if (event.message && !event.message.is_echo) queue(event);
      }
    }
  });
}).listen(process.env.PORT, '127.0.0.1');
