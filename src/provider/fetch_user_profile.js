function fetchUserProfile(accessToken, context, callback) {
  'use strict';
  // Reads who signed in: name and address from Google's userinfo, the user id from the Google Health identity.
  // `legacy_user_id` is the id that the same person had at Fitbit; it is absent for people who never had Fitbit.
  // `request` is what Auth0 gives to such scripts (auth0.com/docs, Connect Apps to Generic OAuth2 Authorization
  // Servers, section Fetch User Profile Script). Like the sample there, the file holds one function and nothing else.
  // Written by fitbit-connect, which puts it back if it is changed.
  var USERINFO = 'https://openidconnect.googleapis.com/v1/userinfo';
  var IDENTITY = 'https://health.googleapis.com/v4/users/me/identity';
  var done = false;

  function finish(error, profile) {
    if (done) {
      return;
    }
    done = true;
    if (error) {
      callback(error);
    } else {
      callback(null, profile);
    }
  }

  // Only words of this script go into a message: what a service sends may repeat the token.
  function fail(message) {
    finish(new Error('fetchUserProfile: ' + message));
  }

  function isObject(value) {
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  }

  // `refused` is what stands in for an answer that the token's scopes do not allow; without it that is an error.
  function read(what, url, next, refused) {
    var heard = false;
    function answered(err, response, body) {
      if (done || heard) {
        return;
      }
      heard = true;
      if (err || !response) {
        var code = err && typeof err.code === 'string' && /^[A-Z_]{2,30}$/.test(err.code) ? ' (' + err.code + ')' : '';
        fail(what + ' could not be reached' + code + '.');
        return;
      }
      var parsed;
      try {
        parsed = JSON.parse(body);
      } catch (ignored) {
        parsed = undefined;
      }
      if (refused && (response.statusCode === 401 || response.statusCode === 403)) {
        next(refused);
      } else if (response.statusCode !== 200) {
        fail(explain(what, response.statusCode, isObject(parsed) ? parsed.error : undefined));
      } else if (!isObject(parsed)) {
        fail(what + ' answered with something that is not a JSON object.');
      } else {
        next(parsed);
      }
    }

    var options = {
      url: url,
      headers: { Authorization: 'Bearer ' + accessToken, Accept: 'application/json' },
      timeout: 8000,
      followRedirect: false
    };
    try {
      request.get(options, answered);
    } catch (thrown) {
      if (done) {
        throw thrown;
      }
      fail(what + ' could not be asked.');
    }
  }

  function explain(what, status, error) {
    var message = isObject(error) && typeof error.message === 'string' ? error.message : '';
    var details = isObject(error) && Array.isArray(error.details) ? error.details.filter(isObject) : [];
    var has = function (reason, words) {
      var named = details.some(function (detail) { return detail.reason === reason; });
      return named || (words !== undefined && message.indexOf(words) !== -1);
    };
    if (has('ACCOUNT_NOT_LINKED', 'not linked to Google Health')) {
      return 'ACCOUNT_NOT_LINKED: this Google account has no Google Health profile. Open the Google Health app ' +
        'with it, finish its set-up, and log in again.';
    }
    if (has('SERVICE_DISABLED', 'has not been used in project')) {
      var project = /projects?[ /](\d{1,20})/.exec(consumer(details) + ' ' + message);
      return 'SERVICE_DISABLED: the Google Health API is not enabled in the Cloud project' +
        (project ? ' ' + project[1] : '') + ' of this connection.';
    }
    var words = 'insufficient authentication scopes';
    if (has('ACCESS_TOKEN_SCOPE_INSUFFICIENT', words) || has('MISSING_OAUTH_SCOPE')) {
      return 'ACCESS_TOKEN_SCOPE_INSUFFICIENT: ' + what + ' needs a scope that was not granted. Log in again and ' +
        'tick every box.';
    }
    if (status === 403 && message.indexOf('The caller does not have permission') !== -1) {
      return 'The caller does not have permission: this person may still have a Fitbit account that was not moved ' +
        'to Google, or chose another account.';
    }
    if (status === 401) {
      return what + ' refused the access token (401).';
    }
    return what + ' answered with HTTP ' + Number(status) + '.';
  }

  function consumer(details) {
    for (var i = 0; i < details.length; i += 1) {
      if (isObject(details[i].metadata) && typeof details[i].metadata.consumer === 'string') {
        return details[i].metadata.consumer;
      }
    }
    return '';
  }

  function isId(value) {
    return typeof value === 'string' && /^[A-Za-z0-9-]{1,63}$/.test(value);
  }

  if (typeof accessToken !== 'string' || accessToken === '') {
    fail('There is no access token to read the profile with.');
    return;
  }

  read('Google Health', IDENTITY, function (identity) {
    if (!isId(identity.healthUserId)) {
      fail('Google Health answered without a user id.');
      return;
    }
    read('Google userinfo', USERINFO, function (person) {
      var profile = { user_id: identity.healthUserId, health_user_id: identity.healthUserId };
      if (isId(identity.legacyUserId)) {
        profile.legacy_user_id = identity.legacyUserId;
      }
      ['name', 'given_name', 'family_name', 'email', 'picture'].forEach(function (key) {
        if (typeof person[key] === 'string' && person[key] !== '') {
          profile[key] = person[key];
        }
      });
      if (profile.email) {
        profile.email_verified = person.email_verified === true || person.email_verified === 'true';
      }
      finish(null, profile);
      // Without the scope openid there is no name to read, and the identity is known already.
    }, {});
  });
}
