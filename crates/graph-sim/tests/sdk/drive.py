"""Drives the simulator with Microsoft's own Python SDK (msgraph-sdk, azure-identity).

Reads the server's ready line from standard input. Every step asserts; the last line says how many held.
"""

import asyncio
import json
import ssl
import sys

import httpx
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientSecretCredential
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.headers_collection import HeadersCollection
from kiota_authentication_azure.azure_identity_authentication_provider import (
    AzureIdentityAuthenticationProvider,
)
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.models.contact import Contact
from msgraph.generated.models.contact_folder import ContactFolder
from msgraph.generated.models.email_address import EmailAddress
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.outlook_category import OutlookCategory
from msgraph.generated.models.single_value_legacy_extended_property import (
    SingleValueLegacyExtendedProperty,
)
from msgraph.generated.groups.item.transitive_members.graph_user.graph_user_request_builder import (
    GraphUserRequestBuilder,
)
from msgraph.generated.users.item.contact_folders.item.contacts.item.contact_item_request_builder import (
    ContactItemRequestBuilder,
)
from msgraph.generated.users.item.contact_folders.item.contacts.contacts_request_builder import (
    ContactsRequestBuilder,
)
from msgraph.generated.users.delta.delta_request_builder import DeltaRequestBuilder
from msgraph.generated.users.users_request_builder import UsersRequestBuilder
from msgraph_core import GraphClientFactory
from msgraph_core.requests.batch_request_builder import BatchRequestBuilder
from msgraph_core.requests.batch_request_content import BatchRequestContent
from msgraph_core.requests.batch_request_item import BatchRequestItem
from msgraph_core.tasks.page_iterator import PageIterator

MARK = "String {66f5a359-4659-4830-9070-00047ec6ac6e} Name Mark"
held = 0


def check(what, fact):
    global held
    assert fact, what
    held += 1


def headers(**pairs):
    collection = HeadersCollection()
    for name, value in pairs.items():
        collection.add(name.replace("_", "-"), value)
    return collection


def credential(ready, secret):
    return ClientSecretCredential(
        ready["tenants"][0]["id"],
        ready["tenants"][0]["client_id"],
        secret,
        authority=ready["login_url"],
        disable_instance_discovery=True,
        connection_verify=ready["ca_file"],
    )


def connect(ready):
    secret = ready["tenants"][0]["client_secret"]
    provider = AzureIdentityAuthenticationProvider(
        credential(ready, secret),
        allowed_hosts=[ready["graph_url"].split("://")[1], "127.0.0.1"],
        scopes=["https://graph.microsoft.com/.default"],
    )
    trust = ssl.create_default_context(cafile=ready["ca_file"])
    http = httpx.AsyncClient(verify=trust, base_url=ready["graph_url"] + "/v1.0", timeout=30)
    http = GraphClientFactory.create_with_default_middleware(client=http)
    adapter = GraphRequestAdapter(provider, client=http)
    adapter.base_url = ready["graph_url"] + "/v1.0"
    return GraphServiceClient(request_adapter=adapter), adapter


async def refused(call):
    try:
        await call
    except ODataError as error:
        return error
    raise AssertionError("the call was not refused")


async def sign_in(ready):
    try:
        credential(ready, "wrong").get_token("https://graph.microsoft.com/.default")
    except ClientAuthenticationError as error:
        check("a wrong secret is told by its number", "AADSTS7000215" in str(error))
    else:
        raise AssertionError("a wrong secret was accepted")


async def list_people(graph, adapter):
    query = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters(
        top=7, select=["id", "displayName", "userPrincipalName", "mail"]
    )
    first = await graph.users.get(RequestConfiguration(query_parameters=query))
    check("the page has the size asked for", len(first.value) == 7)
    seen = []
    await PageIterator(first, adapter).iterate(lambda user: seen.append(user.id) or True)
    check("every person once", len(seen) == len(set(seen)) >= 25)
    one = await graph.users.by_user_id(seen[0]).get()
    check("one person by id", one.id == seen[0] and one.display_name)
    contacts = await graph.contacts.get()
    check("org contacts", len(contacts.value) >= 5 and contacts.value[0].phones is not None)
    organization = await graph.organization.get()
    check("the organisation", organization.value[0].display_name == "Contoso")


async def list_groups(graph):
    groups = (await graph.groups.get()).value
    everyone = next(g for g in groups if g.display_name == "All staff")
    query = GraphUserRequestBuilder.GraphUserRequestBuilderGetQueryParameters(count=True, top=999)
    members = await graph.groups.by_group_id(everyone.id).transitive_members.graph_user.get(
        RequestConfiguration(query_parameters=query, headers=headers(ConsistencyLevel="eventual"))
    )
    check("members through nested groups", len(members.value) == members.odata_count > 10)


async def directory_delta(graph):
    query = DeltaRequestBuilder.DeltaRequestBuilderGetQueryParameters(
        select=["displayName", "mail", "businessPhones"]
    )
    page = await graph.users.delta.get(RequestConfiguration(query_parameters=query))
    people = list(page.value)
    while page.odata_next_link:
        page = await graph.users.delta.with_url(page.odata_next_link).get()
        people += page.value
    check("the users' delta ends", page.odata_delta_link and len({p.id for p in people}) >= 25)
    page = await graph.users.delta.with_url(page.odata_delta_link).get()
    check("and is quiet the second time", page.value == [] and page.odata_delta_link)


def card(name):
    return Contact(
        given_name=name,
        surname="Lovelace",
        display_name=f"{name} Lovelace",
        email_addresses=[EmailAddress(address=f"{name.lower()}@example.com", name=name)],
        business_phones=["+1 425 555 0100"],
        single_value_extended_properties=[SingleValueLegacyExtendedProperty(id=MARK, value=name)],
    )


async def contacts(graph, user):
    folder = await user.contact_folders.post(ContactFolder(display_name="From Python"))
    check("a folder is made", folder.id and folder.parent_folder_id)
    there = user.contact_folders.by_contact_folder_id(folder.id)
    made = await there.contacts.post(card("Ada"))
    check("a contact is made", made.id and made.odata_type in (None, "#microsoft.graph.contact"))
    one = there.contacts.by_contact_id(made.id)
    expand = ContactItemRequestBuilder.ContactItemRequestBuilderGetQueryParameters(
        expand=[f"singleValueExtendedProperties($filter=id eq '{MARK}')"]
    )
    seen = await one.get(RequestConfiguration(query_parameters=expand))
    check("its mark is read back", seen.single_value_extended_properties[0].value == "Ada")
    changed = await one.patch(Contact(job_title="Analyst", display_name="Ada Lovelace"))
    check("a patch changes only what it says", (changed.job_title, changed.surname) == ("Analyst", "Lovelace"))
    query = ContactsRequestBuilder.ContactsRequestBuilderGetQueryParameters(
        filter=f"singleValueExtendedProperties/Any(ep: ep/id eq '{MARK}' and ep/value eq 'Ada')"
    )
    found = await there.contacts.get(RequestConfiguration(query_parameters=query))
    check("it is found by its mark", [c.id for c in found.value] == [made.id])
    immutable = RequestConfiguration(headers=headers(Prefer='IdType="ImmutableId"'))
    check("the immutable id is another", (await one.get(immutable)).id != made.id)
    return there, made.id


async def contact_delta(graph, there, first):
    await there.contacts.post(card("Grace"))
    page = await there.contacts.delta.get()
    seen = list(page.value)
    while page.odata_next_link:
        page = await there.contacts.delta.with_url(page.odata_next_link).get()
        seen += page.value
    check("the contacts' delta ends", page.odata_delta_link and len({c.id for c in seen}) == 2)
    await there.contacts.by_contact_id(first).delete()
    link = page.odata_delta_link
    page = await there.contacts.delta.with_url(link).get()
    gone = page.value[0]
    check("a deletion is a tombstone", gone.id == first and "@removed" in gone.additional_data)


async def batch(graph, adapter, there):
    one = there.contacts.to_post_request_information(card("Edith"))
    two = there.contacts.to_get_request_information()
    bad = there.contacts.by_contact_id("AAMk").to_get_request_information()
    content = BatchRequestContent()
    # The SDK writes whole URLs, and `depends_on`, which Graph does not know (msgraph-sdk-python-core#996).
    content.add_request("1", BatchRequestItem(request_information=one, id="1"))
    content.add_request("2", BatchRequestItem(request_information=two, id="2", depends_on=["1"]))
    content.add_request("3", BatchRequestItem(request_information=bad, id="3"))
    answer = await BatchRequestBuilder(adapter).post(content)
    codes = {n: int(s) for n, s in answer.get_response_status_codes().items()}
    check(f"each step has its own status: {codes}", codes == {"1": 201, "2": 200, "3": 400})
    # This version of the SDK reads no JSON bodies out of a batch: what was made is looked for.
    names = [c.given_name for c in (await there.contacts.get()).value]
    check("what a step made is there once", names.count("Edith") == 1)


async def photos(graph, user, there, first_jpeg):
    made = await there.contacts.post(card("Hedy"))
    one = there.contacts.by_contact_id(made.id)
    missing = await refused(one.photo.get())
    check("no photo is a 404", missing.response_status_code == 404)
    await one.photo.content.put(first_jpeg)
    check("a photo comes back as it was put", await one.photo.content.get() == first_jpeg)
    about = await one.photo.get()
    check("and has a size", about.width > 0)


async def settings(user):
    names = (await user.outlook.master_categories.get()).value
    check("categories", any(c.display_name == "Red category" for c in names))
    made = await user.outlook.master_categories.post(OutlookCategory(display_name="From Python", color="preset5"))
    check("a category is made", made.id)
    purpose = await user.mailbox_settings.get()
    check("the mailbox's purpose", purpose.user_purpose.value == "user")


async def errors(graph, user):
    error = await refused(graph.users.by_user_id("nobody@contoso.example").get())
    check("an unknown user", (error.response_status_code, error.error.code) == (404, "Request_ResourceNotFound"))
    check("errors carry a request id", error.error.inner_error.request_id)
    error = await refused(user.contacts.post(Contact(given_name="X", business_phones=["1", "2", "3"])))
    check("too many phones", error.response_status_code == 400 and "BusinessPhones" in error.error.message)
    error = await refused(user.contacts.by_contact_id("AAMk").get())
    check("a malformed id", error.error.code == "ErrorInvalidIdMalformed")


async def first_photo(graph, ready):
    for name in ready["tenants"][0]["mailboxes"]:
        try:
            return await graph.users.by_user_id(name).photo.content.get()
        except ODataError as error:
            check("no photo is a 404", error.response_status_code == 404)
    raise AssertionError("nobody has a photo")


async def main():
    ready = json.loads(sys.stdin.readline())
    await sign_in(ready)
    graph, adapter = connect(ready)
    user = graph.users.by_user_id(ready["tenants"][0]["mailboxes"][0])
    await list_people(graph, adapter)
    await list_groups(graph)
    await directory_delta(graph)
    there, first = await contacts(graph, user)
    await contact_delta(graph, there, first)
    await batch(graph, adapter, there)
    jpeg = await first_photo(graph, ready)
    check("people's photos are JPEG", jpeg[:2] == b"\xff\xd8")
    await photos(graph, user, there, jpeg)
    await settings(user)
    await errors(graph, user)
    print(f"msgraph-sdk for Python: {held} checks held")


asyncio.run(main())
