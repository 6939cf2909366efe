import { describe, expect, it } from 'vitest';
import { Answer, Challenge, FAILURE, FULL, keyOf } from '../../../src/multiprocessing/network/handshake.js';

const key = keyOf('right');

describe('the handshake', () => {
  it('ends well when both know the key, and sends neither the key nor the same twice', () => {
    const [challenge, answer] = [new Challenge(key), new Answer(key, 'here')];
    const said = answer.answer(challenge.opening);
    const welcome = challenge.welcome(said) as Buffer;
    expect(() => answer.check(welcome)).not.toThrow();
    const all = Buffer.concat([challenge.opening, said, welcome]);
    expect(all.includes(key)).toBe(false);
    const [again, other] = [new Challenge(key), new Answer(key, 'here')];
    expect(again.opening.equals(challenge.opening)).toBe(false);
    expect(other.answer(challenge.opening).equals(said)).toBe(false);
  });

  it('tells the server of a client with another key, and the client of the failure', () => {
    const [challenge, answer] = [new Challenge(key), new Answer(keyOf('wrong'), 'here')];
    expect(challenge.welcome(answer.answer(challenge.opening))).toBeNull();
    expect(() => answer.check(FAILURE)).toThrow('the manager at here does not know this authkey');
  });

  it('tells the client of a server that does not know the key, whatever that accepts', () => {
    const [challenge, answer] = [new Challenge(keyOf('wrong')), new Answer(key, 'here')];
    const said = answer.answer(challenge.opening);
    const forged = new Challenge(keyOf('wrong'));
    const helper = new Answer(keyOf('wrong'), 'here');
    const welcome = forged.welcome(helper.answer(forged.opening)) as Buffer;
    for (const each of [welcome, Buffer.alloc(0), Buffer.from('#WELCOME#'), said, welcome.subarray(1)]) {
      expect(() => answer.check(each)).toThrow('what listens at here does not know the authkey');
    }
  });

  it('is not passed by sending back what the other end has sent', () => {
    const challenge = new Challenge(key);
    // An answer that is taken from the same server, to its own number.
    const number = challenge.opening.subarray(-32);
    for (const each of [
      number,
      Buffer.concat([number, number]),
      challenge.opening,
      Buffer.alloc(64),
      Buffer.alloc(0),
    ]) {
      expect(challenge.welcome(each)).toBeNull();
    }
    // Somebody in the middle gives the client what it has said itself.
    const victim = new Answer(key, 'here');
    const said = victim.answer(challenge.opening);
    expect(() => victim.check(Buffer.concat([Buffer.from('#WELCOME#'), said.subarray(32)]))).toThrow(
      'does not know the authkey',
    );
  });

  it('tells of what is no manager, and of one that takes no more', () => {
    const answer = new Answer(key, 'here');
    for (const each of ['', 'HTTP/1.1 400 Bad Request', 'greenlets manager 1 #CHALLENGE#short']) {
      expect(() => answer.answer(Buffer.from(each))).toThrow('what listens at here is no manager');
    }
    expect(() => answer.answer(FULL)).toThrow('the manager at here has as many connections as it takes');
  });
});

describe('a key', () => {
  it('is text or bytes, and not empty', () => {
    expect(keyOf('ab').equals(keyOf(Uint8Array.of(97, 98)))).toBe(true);
    for (const each of ['', new Uint8Array(0)]) expect(() => keyOf(each)).toThrow('got an empty one');
    for (const each of [undefined, null, 5, {}])
      expect(() => keyOf(each)).toThrow(/^authkey must be a string/);
  });
});
