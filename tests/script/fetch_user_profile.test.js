// What the profile script of the Auth0 connection makes of Google's answers. No packages, no network.
// Run by tests/profile_script.rs, or by hand: node --test tests/script/fetch_user_profile.test.js
'use strict';

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');

const SOURCE = fs.readFileSync(path.join(__dirname, '../../src/provider/fetch_user_profile.js'), 'utf8');
const TOKEN = 'ya29.a-token-that-must-never-show';
const IDENTITY = 'https://health.googleapis.com/v4/users/me/identity';
const USERINFO = 'https://openidconnect.googleapis.com/v1/userinfo';

const ada = { name: 'users/me/identity', legacyUserId: 'A1B2C3', healthUserId: '1234567890' };
const person = {
  sub: '108', name: 'Ada Example', given_name: 'Ada', family_name: 'Example', email: 'ada@example.com',
  email_verified: true, picture: 'https://example.com/ada.png', hd: 'example.com'
};

function ok(value) {
  return { status: 200, body: JSON.stringify(value) };
}

function refusal(status, message, reason, metadata) {
  const info = { '@type': 'ErrorInfo', reason, domain: 'googleapis.com', metadata };
  const details = reason ? [{ '@type': 'x' }, info] : undefined;
  return { status, body: JSON.stringify({ error: { code: status, message, status: 'X', details } }) };
}

// Runs the script as an expression, the way a service that stores it would. `answers` maps an address to an answer, an
// error (`{ err }`), or a function that gets the script's callback.
function run(answers, { token = TOKEN } = {}) {
  return new Promise((resolve) => {
    const asked = [];
    const calls = [];
    const request = {
      get(options, answered) {
        asked.push(options);
        const answer = answers[options.url];
        if (typeof answer === 'function') {
          answer(answered);
        } else {
          const response = answer.err ? undefined : { statusCode: answer.status };
          setImmediate(() => answered(answer.err || null, response, answer.body));
        }
      }
    };
    const settle = () => {
      assert.strictEqual(calls.length, 1, 'the script calls back exactly once');
      const { error, profile } = calls[0];
      if (error) {
        assert.ok(error instanceof Error && error.message.length > 20, 'an Error with a sentence');
        assert.ok(!error.message.includes(TOKEN) && !error.stack.includes(TOKEN), 'the token stays out of the message');
        assert.strictEqual(profile, undefined);
      }
      resolve({ message: error && error.message, profile, asked });
    };
    const script = new Function('request', 'return ' + SOURCE)(request);
    script(token, {}, (error, profile) => {
      calls.push({ error, profile });
      // A second call would come at the latest with what is queued by now.
      setImmediate(() => setImmediate(settle));
    });
  });
}

test('the profile joins the Health identity with the userinfo', async () => {
  const { profile, asked } = await run({ [IDENTITY]: ok(ada), [USERINFO]: ok(person) });
  assert.deepStrictEqual(profile, {
    user_id: '1234567890', health_user_id: '1234567890', legacy_user_id: 'A1B2C3', name: 'Ada Example',
    given_name: 'Ada', family_name: 'Example', email: 'ada@example.com',
    picture: 'https://example.com/ada.png', email_verified: true
  });
  assert.deepStrictEqual(asked.map((options) => options.url), [IDENTITY, USERINFO]);
  for (const options of asked) {
    assert.strictEqual(options.headers.Authorization, 'Bearer ' + TOKEN);
    assert.strictEqual(options.followRedirect, false);
    assert.ok(!options.url.includes(TOKEN) && options.timeout > 0);
  }
});

test('a person who never had Fitbit has no legacy id', async () => {
  for (const legacyUserId of ['', undefined, null, 7]) {
    const { profile } = await run({ [IDENTITY]: ok({ ...ada, legacyUserId }), [USERINFO]: ok(person) });
    assert.ok(!('legacy_user_id' in profile));
  }
});

test('an address counts as verified only when Google says so', async () => {
  const table = [[true, true], ['true', true], [false, false], ['false', false], [undefined, false], [1, false]];
  for (const [said, expected] of table) {
    const { profile } = await run({ [IDENTITY]: ok(ada), [USERINFO]: ok({ ...person, email_verified: said }) });
    assert.strictEqual(profile.email_verified, expected);
  }
  const { profile } = await run({ [IDENTITY]: ok(ada), [USERINFO]: ok({ sub: '108' }) });
  assert.deepStrictEqual(Object.keys(profile).sort(), ['health_user_id', 'legacy_user_id', 'user_id']);
});

test('an account without Google Health fails with its code and what to do', async () => {
  const answers = [
    refusal(400, 'The account is not linked to Google Health.'),
    refusal(400, '', 'ACCOUNT_NOT_LINKED', { redirect_uri: 'https://fitbit.google.com/auth/signup' })
  ];
  for (const answer of answers) {
    const { message } = await run({ [IDENTITY]: answer });
    assert.match(message, /^fetchUserProfile: ACCOUNT_NOT_LINKED: .*Google Health app/);
  }
});

test('a disabled API fails with the project number', async () => {
  const words = 'Google Health API has not been used in project 123456789012 before or it is disabled.';
  const named = await run({ [IDENTITY]: refusal(403, '', 'SERVICE_DISABLED', { consumer: 'projects/210987654321' }) });
  assert.match(named.message, /^fetchUserProfile: SERVICE_DISABLED: .*project 210987654321 /);
  const told = await run({ [IDENTITY]: refusal(403, words) });
  assert.match(told.message, /^fetchUserProfile: SERVICE_DISABLED: .*project 123456789012 /);
  const silent = await run({ [IDENTITY]: refusal(403, '', 'SERVICE_DISABLED') });
  assert.match(silent.message, /^fetchUserProfile: SERVICE_DISABLED: /);
});

test('a missing scope fails with its code', async () => {
  const answers = [
    refusal(403, 'Request had insufficient authentication scopes.'),
    refusal(403, '', 'ACCESS_TOKEN_SCOPE_INSUFFICIENT'),
    refusal(403, '', 'MISSING_OAUTH_SCOPE')
  ];
  for (const answer of answers) {
    const { message } = await run({ [IDENTITY]: answer });
    assert.match(message, /^fetchUserProfile: ACCESS_TOKEN_SCOPE_INSUFFICIENT: /);
  }
});

test('an account that was not moved fails in the words of Google', async () => {
  const { message } = await run({ [IDENTITY]: refusal(403, 'The caller does not have permission') });
  assert.match(message, /^fetchUserProfile: The caller does not have permission: /);
});

test('a refused token fails without repeating it', async () => {
  const identity = await run({ [IDENTITY]: refusal(401, 'Access token invalid: ' + TOKEN) });
  assert.match(identity.message, /Google Health refused the access token \(401\)/);
});

test('without the scope openid the person has an id and no name', async () => {
  for (const status of [401, 403]) {
    const { profile } = await run({
      [IDENTITY]: ok(ada),
      [USERINFO]: { status, body: JSON.stringify({ error: 'x', error_description: 'Invalid ' + TOKEN }) }
    });
    assert.equal(profile.user_id, ada.healthUserId);
    assert.equal(profile.name, undefined);
  }
});

test('garbage fails with the name of the service that sent it', async () => {
  for (const body of ['', '<html>', 'null', '[]', '"x"', '7', undefined, TOKEN]) {
    const { message } = await run({ [IDENTITY]: { status: 200, body } });
    assert.match(message, /^fetchUserProfile: Google Health answered with something that is not a JSON object/);
  }
  for (const identity of [{}, { healthUserId: '' }, { healthUserId: 12345678901234567890 }, { healthUserId: 'a|b' }]) {
    const { message } = await run({ [IDENTITY]: ok(identity) });
    assert.match(message, /without a user id/);
  }
  const { message } = await run({ [IDENTITY]: ok(ada), [USERINFO]: { status: 502, body: '<html>' + TOKEN } });
  assert.match(message, /^fetchUserProfile: Google userinfo answered with HTTP 502/);
});

test('error bodies of an odd form do not make the script throw', async () => {
  const errors = ['"x"', '{"details":7}', '{"details":[null,7,{"metadata":7}]}', 'null'];
  for (const body of errors.map((error) => `{"error":${error}}`)) {
    const { message } = await run({ [IDENTITY]: { status: 403, body } });
    assert.match(message, /HTTP 403/);
  }
});

test('a network failure names only its code', async () => {
  const coded = Object.assign(new Error('connect ' + TOKEN), { code: 'ETIMEDOUT' });
  assert.match((await run({ [IDENTITY]: { err: coded } })).message, /could not be reached \(ETIMEDOUT\)\.$/);
  const odd = Object.assign(new Error('x'), { code: TOKEN });
  assert.match((await run({ [IDENTITY]: { err: odd } })).message, /could not be reached\.$/);
  const thrown = () => { throw new Error('bad header ' + TOKEN); };
  assert.match((await run({ [IDENTITY]: thrown })).message, /could not be asked/);
});

test('a service that answers twice is heard once', async () => {
  const twice = (answered) => {
    answered(null, { statusCode: 200 }, JSON.stringify(ada));
    answered(null, { statusCode: 500 }, '');
  };
  const { profile, asked } = await run({ [IDENTITY]: twice, [USERINFO]: ok(person) });
  assert.strictEqual(profile.user_id, '1234567890');
  assert.strictEqual(asked.length, 2);
});

test('an exception of the callback is passed on and does not call it again', () => {
  let calls = 0;
  const request = { get: (options, answered) => answered(null, { statusCode: 500 }, '') };
  const script = new Function('request', 'return ' + SOURCE)(request);
  const callback = () => { calls += 1; throw new Error('from the callback'); };
  assert.throws(() => script(TOKEN, {}, callback), /from the callback/);
  assert.strictEqual(calls, 1);
});

test('without a token nothing is asked', async () => {
  for (const token of ['', null, 7]) {
    const { message, asked } = await run({}, { token });
    assert.match(message, /no access token/);
    assert.deepStrictEqual(asked, []);
  }
});
