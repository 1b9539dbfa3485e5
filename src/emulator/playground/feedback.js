// The template that asks how it was: its questions, and the button that sends what the person thinks.

import { act } from './acts.js';
import { announce, el, spaced } from './dom.js';
import { card, privacyLink, words } from './form-parts.js';

const upTo = (last, first = 1) => Array.from({ length: last - first + 1 }, (_, at) => String(first + at));

/** What is shown for each score. */
const SCALES = {
  one_to_five: upTo(5), five_stars: Array(5).fill('★'), five_emojis: ['😡', '🙁', '😐', '🙂', '😍'], zero_to_ten: upTo(10, 0), one_to_seven: upTo(7),
};
const USUAL_SCALE = { csat: 'five_stars', nps: 'zero_to_ten', ces: 'one_to_seven' };
const ENDS = { neg_pos: ['Negative', 'Positive'], hard_easy: ['Hard', 'Easy'], dis_sat: ['Dissatisfied', 'Satisfied'], unlike_like: ['Unlikely', 'Likely'], poor_great: ['Poor', 'Great'] };

export function feedback({ title, subtitle, button_title: button, feedback_screens: screens = [], business_privacy: privacy }) {
  const questions = screens.flatMap((screen) => screen.questions ?? []);
  const form = el('form', { class: 'feedback-form' }, questions.map(questionOf), privacyLink(privacy),
    el('button', { type: 'submit', class: 'card-button', 'data-type': 'customer_feedback' }, button ?? 'Give feedback'));
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const { score, text } = Object.fromEntries(new FormData(form));
    if (await act({ do: 'feedback', score, text: text || undefined })) announce('Feedback given');
  });
  return card(words(title, subtitle), form);
}

// One score answers them all, so their steps are one group: that is how the emulator takes it.
function questionOf({ type, title, score_option: option, score_label: label, follow_up: more }) {
  const kind = SCALES[option] ? option : USUAL_SCALE[type];
  return el('div', { class: 'question' },
    title && el('p', { dir: 'auto' }, title),
    kind ? scaleOf(kind, title) : el('input', { name: 'score', 'aria-label': title ?? 'Your answer', autocomplete: 'off', required: true }),
    ENDS[label] && el('div', { class: 'scale-ends' }, ENDS[label].map((end) => el('small', {}, end))),
    more && el('input', { name: 'text', class: 'follow-up', placeholder: more.placeholder ?? 'Anything else?', 'aria-label': more.title ?? more.placeholder ?? 'Anything else?', autocomplete: 'off', dir: 'auto' }));
}

function scaleOf(kind, title) {
  const first = kind === 'zero_to_ten' ? 0 : 1;
  return el('div', { class: 'scale', role: 'radiogroup', 'data-scale': kind, 'aria-label': title ?? spaced(kind) }, SCALES[kind].map((face, at) =>
    el('label', {}, el('input', { type: 'radio', class: 'sr', name: 'score', value: String(first + at), 'aria-label': String(first + at), required: true }), el('span', { 'aria-hidden': 'true' }, face))));
}
