// What a person can think of a message: reactions that its writer sees, and for its quality a thumb that only the bot is told of.

import { act } from './acts.js';
import { pickerButton } from './picker.js';
import { onInstagram } from './state.js';

export const REACTIONS = [['love', '❤️'], ['smile', '😆'], ['laugh', '😂'], ['wow', '😮'], ['sad', '😢'], ['angry', '😠'], ['like', '👍'], ['dislike', '👎'], ['other', '🚀']];

// Messenger says "smile" where Instagram says "laugh", and only Messenger has a thumb that points down.
const known = () => {
  const strange = onInstagram() ? ['smile', 'dislike'] : ['laugh'];
  return REACTIONS.filter(([name]) => !strange.includes(name));
};

export function reactButton(row, { mid, reactions = [] }) {
  const mine = reactions.find(({ from }) => from === 'person');
  return pickerButton(row, 'smile', 'React', 'react', () => known().map(([reaction, face]) => {
    const chosen = mine?.reaction === reaction || mine?.emoji === face;
    const play = () => act(chosen ? { do: 'unreact', mid } : { do: 'react', mid, reaction, emoji: face });
    return { label: reaction, face, chosen, data: { 'data-reaction': reaction }, play };
  }));
}

export function judgeButton(row, { mid }) {
  return pickerButton(row, 'like', 'Good or bad response', 'judge', () => [['good', '👍'], ['bad', '👎']].map(([response, face]) => (
    { label: `${response === 'good' ? 'Good' : 'Bad'} response`, face, data: { 'data-response': response }, play: () => act({ do: 'feedback', response, mid }) })));
}
