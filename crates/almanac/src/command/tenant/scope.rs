//! What a client's admin has to do: consent, and the commands that limit the app to some mailboxes.

use graph::{Endpoints, PERMISSIONS};

/// The page where the client's admin consents (v2-admin-consent). Application permissions need `/.default`.
pub fn consent_url(
    endpoints: &Endpoints,
    directory: &str,
    client_id: &str,
    redirect: &str,
    state: &str,
) -> String {
    let base = format!("{}/{directory}/v2.0/adminconsent", endpoints.login);
    let scope = format!("{}/.default", endpoints.graph);
    let pairs = [
        ("client_id", client_id),
        ("scope", scope.as_str()),
        ("redirect_uri", redirect),
        ("state", state),
    ];
    match reqwest::Url::parse_with_params(&base, pairs) {
        Ok(url) => url.into(),
        Err(_) => base,
    }
}

/// PowerShell for an Exchange administrator of the client: RBAC for Applications (graph.md 1.6).
pub fn scope_commands(client_id: &str) -> Vec<String> {
    let mut commands = vec![
        "Connect-ExchangeOnline".to_owned(),
        "# Object ID: Entra admin center > Enterprise applications > Almanac (not App registrations)".to_owned(),
        "$app = '<OBJECT ID OF THE ENTERPRISE APPLICATION>'".to_owned(),
        format!("New-ServicePrincipal -AppId {client_id} -ObjectId $app -DisplayName 'Almanac'"),
        "# A mail-enabled security group holds the mailboxes that Almanac may touch".to_owned(),
        "$group = New-DistributionGroup -Name 'Almanac mailboxes' -Type Security".to_owned(),
        "New-ManagementScope -Name 'Almanac mailboxes' -RecipientRestrictionFilter \"MemberOfGroup -eq '$($group.DistinguishedName)'\"".to_owned(),
    ];
    commands.extend(PERMISSIONS.iter().filter(|p| p.by_mailbox).map(|permission| {
        let role = format!("Application {}", permission.name);
        format!("New-ManagementRoleAssignment -App $app -Role '{role}' -CustomResourceScope 'Almanac mailboxes'")
    }));
    commands.push(
        "# Must say InScope True for a member of the group, False for anybody else".to_owned(),
    );
    commands.push("Test-ServicePrincipalAuthorization -Identity $app -Resource someone@the.client | Format-Table".to_owned());
    commands
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_consent_link_asks_for_the_default_scope_of_its_cloud() {
        let url = consent_url(
            &Endpoints::global(),
            "contoso.example",
            "c-1",
            "https://x.example/done",
            "contoso",
        );
        expect_test::expect!["https://login.microsoftonline.com/contoso.example/v2.0/adminconsent?client_id=c-1&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default&redirect_uri=https%3A%2F%2Fx.example%2Fdone&state=contoso"].assert_eq(&url);
    }

    #[test]
    fn only_mailbox_permissions_are_given_by_exchange() {
        let commands = scope_commands("c-1").join("\n");
        assert!(commands.contains("'Application Contacts.ReadWrite'"));
        assert!(!commands.contains("User.Read.All"));
    }
}
