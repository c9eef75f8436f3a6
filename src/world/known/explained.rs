//! Owns what stands in the blanks when a pasted text is explained: the values of the saved profile, or of the set-up that the text
//! is about.
//!
//! Refuses to fail: settings that cannot be read are passed over, and said.

use std::path::Path;

use super::super::{named_settings, profile_name, settings_path};
use super::{Known, again, connection_of_google, of_profile, scopes_in_use, set_project, told};
use crate::ask::given::Variables;
use crate::cli;
use crate::console::Console;
use crate::diagnosis::{Blank, Values};
use crate::ids::{DEFAULT_PORT, shown_path};
use crate::settings::{Profile, Settings};

/// The values for a text that somebody wants explained: of the saved profile, unless the text is about another client, whose
/// pages are other ones. Settings that cannot be read are passed over, and said.
pub fn values_for(variables: &Variables, global: &cli::Global, text: &str, console: &Console) -> Values {
    let read = |path: &Path| {
        let settings = Settings::read(path)?;
        settings.profile(&profile_name(global, variables, &settings)?)
    };
    let unread = |why: &str| console.warn(&format!("the cures name nothing of the saved profile: {why}"));
    // Without a home there are no settings, and that is no news.
    let path = settings_path(global, variables).ok();
    if let Some(named) = path.as_ref().filter(|path| named_settings(global, variables).is_some() && !path.exists()) {
        unread(&format!("the settings file {} does not exist", shown_path(named)));
    }
    let profile = path.map(|path| read(&path).inspect_err(|failure| unread(&failure.message)));
    let mut profile = profile.and_then(Result::ok).flatten().unwrap_or_default();
    profile.scopes = scopes_in_use(variables, &profile);
    let told = told::read(text);
    let client_id = told.client_id.as_deref();
    let project = told.project.as_deref();
    let is_other = client_id.is_some() && client_id != profile.client_id.as_deref()
        || told.provider.is_some() && told.provider != profile.provider;
    let mut values = if is_other {
        let again = &again(global);
        Known { provider: told.provider, client_id, project, port: DEFAULT_PORT, again, ..Known::default() }.values()
    } else if profile == Profile::default() {
        let (mut values, again) = (Values::default(), again(global));
        project.iter().for_each(|project| set_project(&mut values, project));
        values.set(Blank::Setup, format!("fitbit-connect setup{again}"));
        values.set(Blank::Test, format!("fitbit-connect test{again}"));
        values.set(Blank::Move, format!("fitbit-connect setup --provider google-health{again}"));
        values
    } else {
        let of_move = connection_of_google(variables);
        Known { of_move, ..of_profile(&profile, project, &again(global)) }.values()
    };
    if let Some(uri) = told.redirect_uri {
        values.set(Blank::ReturnTo, format!("`{uri}`"));
        values.set(Blank::Callback, uri);
    }
    if let Some(scopes) = told.missing_scopes {
        values.set(Blank::MissingScopes, scopes);
    }
    if let Some(scopes) = told.scopes {
        values.set(Blank::WireScopes, scopes);
    }
    if let Some(application) = told.application {
        values.set(Blank::Application, format!("the application `{application}`"));
    }
    values
}
