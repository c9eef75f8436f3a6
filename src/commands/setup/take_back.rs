//! Owns taking an answer back: for the question before, for a change at the plan, for another look after a failure. What was
//! verified with it goes too, and nothing else.

use super::draft::{Answer, Draft};
use crate::ask::given::Applications;

impl Draft<'_> {
    /// Takes an answer back, and what was verified with it.
    pub fn forget(&mut self, answer: Answer) {
        self.asked.retain(|asked| *asked != answer);
        self.change = None;
        self.by_hand = None;
        self.at = 0;
        self.said_left = None;
        match answer {
            Answer::Provider => {
                self.before.provider = self.inputs.provider.take();
                self.registered = None;
                self.callbacks_shown = false;
                self.leave_connection();
                self.forget_app();
            }
            Answer::Tenant => {
                self.before.domain = self.inputs.domain.take();
                self.reached = false;
                self.callbacks_verified = None;
                self.callbacks_shown = false;
                self.leave_tenant();
            }
            Answer::Registered => {
                self.registered = None;
                self.callbacks_shown = false;
            }
            Answer::ClientId => {
                self.before.client_id = self.inputs.client_id.take();
                // Who named an app has one: the pages of its registration are not gone through for another ID.
                self.callbacks_shown = true;
                self.forget_app();
            }
            Answer::Secret => {
                // The authorize page was asked without it.
                let verified = self.callbacks_verified.take();
                self.forget_app();
                self.callbacks_verified = verified;
                self.before.app_is_right = false;
            }
            Answer::Access => {
                self.manual = self.args.manual;
                self.guided = false;
                self.inputs.management = None;
                self.inputs.management_id = None;
                self.leave_tenant();
            }
            Answer::Applications => {
                self.before.applications = match std::mem::replace(&mut self.inputs.applications, Applications::Unknown)
                {
                    Applications::Named(ids) | Applications::Saved(ids) => ids,
                    Applications::All | Applications::Unknown => Vec::new(),
                };
            }
            Answer::Keep => self.keep = None,
            Answer::Connection => {
                self.guided = false;
                self.leave_connection();
            }
            Answer::Scopes => self.callbacks_verified = None,
            Answer::Store => {}
        }
    }

    /// Back to the question before; whether there is one.
    pub fn back(&mut self) -> bool {
        if let Some(changing) = self.changing.take() {
            self.restore(changing);
            return true;
        }
        match self.asked.last().copied() {
            Some(last) => {
                self.forget(last);
                true
            }
            None => false,
        }
    }

    /// An answer that was taken back for a change stays what it was.
    pub fn restore(&mut self, answer: Answer) {
        let before = &mut self.before;
        match answer {
            Answer::Provider => self.inputs.provider = before.provider,
            Answer::Tenant | Answer::Access => {
                self.inputs.domain = before.domain.clone().or(self.inputs.domain.take());
                self.session = before.session.take();
                self.keep = before.keep.take();
                self.found_domains = self.session.as_ref().and_then(|s| s.domains.told.clone()).unwrap_or_default();
            }
            Answer::ClientId => self.inputs.client_id = before.client_id.clone(),
            Answer::Secret => self.app = before.app.take(),
            Answer::Applications => {
                let ids = std::mem::take(&mut before.applications);
                self.inputs.applications = Applications::Named(ids);
            }
            Answer::Registered | Answer::Keep => {}
            Answer::Connection | Answer::Scopes | Answer::Store => {}
        }
        self.saved_secret_applies();
    }

    fn forget_app(&mut self) {
        self.callbacks_verified = None;
        self.app_verified = false;
        self.guided = false;
        if let Some(app) = self.app.take() {
            self.before.app = Some(app);
            self.before.app_is_right = true;
        }
    }

    fn leave_tenant(&mut self) {
        if let Some(session) = self.session.take() {
            self.before.session = Some(session);
        }
        self.found_domains.clear();
        self.before.keep = self.keep.take();
        self.leave_connection();
    }

    fn leave_connection(&mut self) {
        self.looked = None;
        self.twin = None;
        self.listed = None;
    }

    /// Looks at everything again that could have been mended elsewhere meanwhile; permissions come with a new token.
    pub fn look_again(&mut self) {
        self.change = None;
        self.callbacks_verified = None;
        self.leave_connection();
        if let Some(login) = self.login.take() {
            self.session = None;
            self.inputs.management = Some(login);
        }
    }
}
