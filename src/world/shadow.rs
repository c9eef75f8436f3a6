//! Owns the one cure that no row of the table can know: a variable of the environment that wins over what is saved, and is wrong.
//!
//! Refuses to name a variable that a flag wins over, or that says the same as the settings.

use super::World;
use crate::ask::given::Variables;
use crate::ask::{self, Field};
use crate::cli;
use crate::diagnosis::{Code, Failure, led_by};
use crate::finding::Finding;
use crate::ids::{Domain, SecretOf};
use crate::secret::Secret;

/// The variables that win over what is saved and say something else.
#[derive(Default)]
pub(super) struct Shadows {
    /// Those of values that are no secrets, and what each wins over.
    plain: Vec<(Of, &'static str, String)>,
    /// Those of secrets, which are compared when it matters: a keychain is not asked for nothing.
    secrets: Vec<(Of, &'static str)>,
    /// The one that says which provider it is, saved or not.
    provider: Option<&'static str>,
    /// Whether this run has written them into the settings, so that they win over nothing any more.
    are_saved: bool,
}

/// What a variable is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    Provider,
    ClientId,
    ClientSecret,
    Domain,
    LoginDomain,
    Connection,
    Applications,
    Scopes,
    Store,
    Token,
    ManagementId,
    ManagementSecret,
}

/// How such a cure begins.
const UNSET: &str = "Unset ";
/// What stands between a variable and what it wins over.
const WINS: &str = " wins over ";

impl World {
    /// Which of these variables win over what is saved, with these flags.
    pub(super) fn notice_variables(&self, flags: &cli::Inputs, variables: &Variables) {
        let name = |field: &Field, by_flag: bool| variables.of(field).map(|(_, name)| name).filter(|_| !by_flag);
        let by_json = flags.client_json.is_some();
        let by_client = flags.management_client_id.is_some() || flags.management_client_secret_file.is_some();
        let token = name(&ask::TOKEN, flags.token_file.is_some() || by_client);
        let by_secret_file = flags.management_client_secret_file.is_some();
        let management_secret = name(&ask::MANAGEMENT_SECRET, by_secret_file || token.is_some());
        let secrets = [
            (Of::ClientSecret, name(&ask::CLIENT_SECRET, flags.client_secret_file.is_some() || by_json)),
            (Of::Token, token),
            (Of::ManagementSecret, management_secret),
        ];
        let secrets = secrets.into_iter().filter_map(|(of, name)| Some((of, name?))).collect();
        let plain = self.plain_shadows(&name, flags, variables);
        let provider = name(&ask::PROVIDER, flags.provider.is_some());
        *self.shadows.borrow_mut() = Shadows { plain, secrets, provider, are_saved: false };
    }

    /// Notes that the settings say now what the variables said.
    pub fn has_saved_the_variables(&self) {
        self.shadows.borrow_mut().are_saved = true;
    }

    /// Variables that say something else than the settings, where those say anything.
    fn plain_shadows(
        &self,
        name: &impl Fn(&Field, bool) -> Option<&'static str>,
        flags: &cli::Inputs,
        variables: &Variables,
    ) -> Vec<(Of, &'static str, String)> {
        let saved = &self.saved;
        let domains = saved.login_domains.iter().map(Domain::as_str).collect::<Vec<_>>().join(",");
        let text = |value: Option<String>| value.unwrap_or_default();
        let scopes = match saved.scopes.as_slice() {
            [] => text(saved.provider.map(|provider| provider.default_scopes().join(","))),
            chosen => chosen.join(","),
        };
        let usual = saved.provider.map(|provider| provider.default_connection().to_owned());
        let connection = saved.connection.as_ref().map(|name| name.to_string()).or(usual);
        let by_client = flags.client_id.is_some() || flags.client_json.is_some();
        let by_app = !flags.app.is_empty() || flags.all_apps;
        let by_access = flags.management_client_id.is_some() || flags.token_file.is_some();
        [
            (Of::Provider, &ask::PROVIDER, flags.provider.is_some(), text(saved.provider.map(|p| p.to_string()))),
            (Of::ClientId, &ask::CLIENT_ID, by_client, text(saved.client_id.clone())),
            (Of::Domain, &ask::DOMAIN, flags.domain.is_some(), text(saved.domain.as_ref().map(Domain::to_string))),
            (Of::LoginDomain, &ask::LOGIN_DOMAIN, !flags.login_domain.is_empty(), domains),
            (Of::Connection, &ask::CONNECTION, flags.connection.is_some(), text(connection)),
            (Of::Applications, &ask::APPS, by_app, saved.applications.join(",")),
            (Of::Scopes, &ask::SCOPES, flags.scopes.is_some(), scopes),
            (Of::Store, &ask::STORE, flags.store.is_some(), text(saved.store.map(|store| store.as_str().to_owned()))),
            (Of::ManagementId, &ask::MANAGEMENT_ID, by_access, text(saved.management_client_id.clone())),
        ]
        .into_iter()
        .filter_map(|(of, field, by_flag, before)| {
            let name = name(field, by_flag)?;
            let now = as_saved(of, variables.get(name)?.trim());
            let differs = !before.is_empty() && now != before;
            let is_saved = match of {
                Of::Connection => saved.connection.is_some(),
                Of::Scopes => !saved.scopes.is_empty(),
                _ => true,
            };
            let whence = if is_saved { "saved" } else { "usual" };
            differs.then(|| (of, name, format!("the {whence} {} {before}", field.name)))
        })
        .collect()
    }

    /// A cure that is a command means what the variables say, which may be another set-up than the saved one.
    fn beside_a_shadow(&self, failure: Failure, hint: &str) -> Failure {
        const PLACES: [Of; 6] =
            [Of::Provider, Of::ClientId, Of::Domain, Of::LoginDomain, Of::Connection, Of::Applications];
        let is_command = ["{setup}", "{test}", "{until_then}"].iter().any(|blank| hint.contains(blank));
        let shadows = self.shadows.borrow();
        let is_other = is_command && !shadows.are_saved;
        let shadow = shadows.plain.iter().find(|(of, ..)| is_other && PLACES.contains(of));
        let Some((_, name, over)) = shadow.filter(|_| !hint.contains(WINS)) else { return failure };
        let first = format!("`{name}`{WINS}{over}: unset it where that is meant. ");
        failure.with_hint(led_by(&first, hint))
    }

    /// The variable with a client ID of the other provider, over nothing that is saved: it wins over what is given next as well.
    fn of_another_provider(&self, failure: &Failure) -> Option<&'static str> {
        let is_it = matches!(failure.code, Code::FitbitIdAtGoogle | Code::GoogleIdAtFitbit);
        let (_, name) = self.variables.of(&ask::CLIENT_ID).filter(|_| is_it)?;
        failure.message.contains(name).then_some(name)
    }

    /// Where login domains that do not stand in the settings were given.
    pub fn whence_login_domains(&self, by_flag: bool) -> String {
        let variable = self.variables.of(&ask::LOGIN_DOMAIN).map(|(_, name)| name).filter(|_| !by_flag);
        format!("`{}`", variable.unwrap_or("--login-domain"))
    }

    /// Refuses to do to another provider, tenant or connection what was asked for this profile, because of a variable alone.
    ///
    /// # Errors
    /// `input_contradictory`.
    pub fn refuse_other_than_saved(&self) -> Result<(), Failure> {
        let shadows = self.shadows.borrow();
        let is_place = |of: Of| matches!(of, Of::Provider | Of::Domain | Of::Connection);
        let Some((_, name, over)) = shadows.plain.iter().find(|(of, ..)| is_place(*of)) else { return Ok(()) };
        let message = format!("{name} says something else than {over} of {}", self.profile);
        let hint = format!("{UNSET}`{name}` or give what is meant as a flag.");
        Err(Failure::new(Code::InputContradictory, message).with_hint(hint))
    }

    /// The failure with the variables in its cure that win over something else, should they be the reason.
    pub fn unshadowed(&self, failure: Failure) -> Failure {
        let hint = failure.hint();
        if hint.starts_with(UNSET) {
            return failure;
        }
        if failure.code == Code::ManagementCredentialsRejected && self.uses_kept_access.get() {
            let give = ask::MANAGEMENT_SECRET.how_to_give();
            return failure.with_hint(format!(
                "The secret that is kept in {} is not the one in use any more: copy it again from the application's Settings page, \
                 give it ({give}) and keep it with `{{setup}} --save-management`",
                self.place()
            ));
        }
        let (names, over): (Vec<String>, Vec<String>) =
            self.shadows_of(&failure).into_iter().map(|(name, over)| (format!("`{name}`"), over)).unzip();
        if names.is_empty() {
            return match self.of_another_provider(&failure) {
                Some(name) => {
                    let first = match self.shadows.borrow().provider {
                        // One of the two is of before, and which only the person knows.
                        Some(provider) => format!(
                            "{UNSET}`{provider}` where the client ID in `{name}` is meant, or `{name}` and its secret where the \
                             provider is. For this run alone: "
                        ),
                        None => format!("{UNSET}`{name}`, which is of the other provider, and its secret with it. "),
                    };
                    failure.with_hint(led_by(&first, &hint))
                }
                None => self.beside_a_shadow(failure, &hint),
            };
        }
        let (win, meant) = if names.len() == 1 { ("wins", "it is") } else { ("win", "they are") };
        let (names, over) = (names.join(" and "), over.join(" and "));
        let first = match self.shadows.borrow().are_saved {
            false => format!("{UNSET}{names}, which {win} over {over}. Where {meant} meant: "),
            true => format!(
                "{UNSET}{names}, which this run has saved in place of {}, and run `fitbit-connect setup` with that as a flag. Where \
                 {meant} meant: ",
                over.replace("the saved ", "the ")
            ),
        };
        failure.with_hint(led_by(&first, &hint))
    }

    /// The variable with another Management API client than the saved one, which would need no question.
    pub fn shadow_of_access(&self) -> Option<String> {
        let shadows = self.shadows.borrow();
        let (_, name, over) = shadows.plain.iter().find(|(of, ..)| *of == Of::ManagementId)?;
        Some(format!("{name} wins over {over}; without it, that one is used"))
    }

    /// Whether that is so.
    pub fn is_kept_access(&self) -> bool {
        self.uses_kept_access.get()
    }

    /// Notes whether the Management API is used with a secret that is kept here.
    pub fn uses_kept_access(&self, it_does: bool) {
        self.uses_kept_access.set(it_does);
    }

    /// A finding with the same in its cure.
    pub fn finding_unshadowed(&self, finding: Finding) -> Finding {
        match finding.failure.clone() {
            Some(failure) if finding.is_fail() => {
                let failure = self.unshadowed(failure);
                Finding { hint: Some(failure.hint()), failure: Some(failure), ..finding }
            }
            _ => finding,
        }
    }

    /// The variables that may be the reason, and what each wins over: the first kind that there is, an ID with its secret.
    fn shadows_of(&self, failure: &Failure) -> Vec<(&'static str, String)> {
        for of in about(failure.code) {
            let Some(first) = self.shadow(*of, failure) else { continue };
            let companion = match of {
                Of::ClientId => self.shadow(Of::ClientSecret, failure),
                Of::ManagementId => self.shadow(Of::ManagementSecret, failure),
                _ => None,
            };
            return std::iter::once(first).chain(companion).collect();
        }
        Vec::new()
    }

    fn shadow(&self, of: Of, failure: &Failure) -> Option<(&'static str, String)> {
        let shadows = self.shadows.borrow();
        if let Some((_, name)) = shadows.secrets.iter().find(|(one, _)| *one == of) {
            let is_about = failure.code != Code::InputInvalid || failure.message.contains(name);
            return self.wins_over(of, name).filter(|_| is_about).map(|over| (*name, over));
        }
        let (_, name, over) = shadows.plain.iter().find(|(one, ..)| *one == of)?;
        // Several hosts are asked: it is about the one that the failure names.
        let is_named = || {
            let values = self.variables.get(name).unwrap_or_default();
            values.split(',').any(|value| failure.message.contains(value.trim().trim_start_matches("https://")))
        };
        let fits = match (failure.code, of) {
            (code, _) if code.is_no_answer() => is_named(),
            (Code::InputMissing, Of::ManagementId) => failure.message.contains(ask::MANAGEMENT_SECRET.name),
            (Code::InputMissing, Of::ClientId) => failure.message.contains(ask::CLIENT_SECRET.flag),
            (Code::InputInvalid, _) => {
                let decides = matches!(of, Of::Provider | Of::ClientId) && failure.message.contains("the provider is");
                decides || failure.message.contains(name)
            }
            _ => true,
        };
        fits.then(|| (*name, over.clone()))
    }

    /// What a secret in a variable wins over, where that is another one.
    fn wins_over(&self, of: Of, name: &str) -> Option<String> {
        let kept = |of: SecretOf, what: &str| {
            let given = Secret::new(self.variables.get(name)?.trim().to_owned());
            let kept = self.vault().get(&self.profile.account(of)).ok()??;
            (!kept.same_as(&given)).then(|| format!("the {what} in {}", self.place()))
        };
        match of {
            Of::ClientSecret => kept(SecretOf::Provider, "client secret"),
            Of::ManagementSecret => kept(SecretOf::Management, "client secret of the Management API client"),
            _ => {
                let set = |field| self.variables.of(field).map(|(_, name)| name);
                match (set(&ask::MANAGEMENT_ID), set(&ask::MANAGEMENT_SECRET)) {
                    (Some(id), Some(secret)) => Some(format!("`{id}` and `{secret}`")),
                    _ => self.saved.management_client_id.as_ref().map(|id| format!("the saved client {id}")),
                }
            }
        }
    }
}

/// A value as the settings have it, where it can be written in other ways too.
fn as_saved(of: Of, text: &str) -> String {
    let entries = || text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    let domain = |text: &str| text.parse().map_or_else(|_| text.to_owned(), |domain: Domain| domain.to_string());
    match of {
        Of::Domain => domain(text),
        Of::LoginDomain => entries().map(domain).collect::<Vec<_>>().join(","),
        Of::Applications | Of::Scopes => entries().collect::<Vec<_>>().join(","),
        Of::Provider | Of::Store => text.to_lowercase(),
        _ => text.to_owned(),
    }
}

/// What a failure may come from, the likeliest first.
fn about(code: Code) -> &'static [Of] {
    match code {
        Code::InputMissing => &[Of::Provider, Of::ClientId, Of::ManagementId, Of::Domain],
        Code::InputInvalid => &[
            Of::Provider,
            Of::ClientId,
            Of::ClientSecret,
            Of::Domain,
            Of::LoginDomain,
            Of::Connection,
            Of::Scopes,
            Of::ManagementId,
            Of::ManagementSecret,
            Of::Token,
        ],
        Code::ClientIdUnknown | Code::ClientDeleted | Code::DesktopClient => &[Of::ClientId],
        Code::ClientSecretMissing => &[Of::ClientId, Of::Provider, Of::Store],
        Code::ClientSecretRejected | Code::ConnectionSecretDiffers => &[Of::ClientId, Of::ClientSecret],
        Code::FitbitIdAtGoogle | Code::GoogleIdAtFitbit | Code::ProviderShutDown => &[Of::ClientId, Of::Provider],
        Code::ConnectionClientIdDiffers | Code::AuthorizeWrongClientId => &[Of::ClientId, Of::Connection],
        Code::AuthorizeWrongProvider => &[Of::ClientId, Of::Provider, Of::Connection],
        Code::TenantNotFound | Code::OtherTenant => &[Of::Domain, Of::Token, Of::ManagementId],
        Code::ManagementAudienceUnknown => &[Of::Domain, Of::ManagementId],
        Code::ManagementCredentialsRejected => &[Of::Domain, Of::ManagementId, Of::ManagementSecret],
        Code::ManagementClientNotAuthorized | Code::ManagementGrantNotAllowed => &[Of::ManagementId],
        Code::MissingScope => &[Of::Token, Of::ManagementId],
        Code::ManagementTokenExpired | Code::ManagementTokenRejected => &[Of::Token],
        Code::ConnectionNotFound => &[Of::Connection, Of::Provider, Of::ClientId, Of::Domain],
        Code::ConnectionWrongStrategy | Code::AuthorizeConnectionNotUsable => {
            &[Of::Connection, Of::Provider, Of::ClientId]
        }
        Code::ApplicationNotFound | Code::ApplicationUnknownToTenant => &[Of::Applications, Of::Domain],
        Code::InvalidScope | Code::ConnectionScopesDiffer | Code::AuthorizeScopesMissing => &[Of::Scopes],
        Code::RedirectUriMismatch => &[Of::LoginDomain, Of::Domain, Of::ClientId],
        Code::LoginDomainGone => &[Of::LoginDomain],
        code if code.is_no_answer() => &[Of::Domain, Of::LoginDomain],
        _ => &[],
    }
}
