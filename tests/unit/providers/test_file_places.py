"""Where files are kept is a matter of configuration alone."""

from datetime import timedelta

from kro.bootstrap.providers import object_store
from kro.core.clock import FrozenClock
from kro.core.config import load_settings
from kro.core.storage import LocalObjectStore, S3ObjectStore, new_object_key

BUCKET = {
    "KRO_AWS_BUCKET": "kro-sandbox",
    "KRO_AWS_REGION": "fra1",
    "KRO_AWS_ENDPOINT": "https://fra1.digitaloceanspaces.com",
    "KRO_AWS_ACCESS_KEY_ID": "id",
    "KRO_AWS_SECRET_ACCESS_KEY": "secret",
}


async def address(environ: dict[str, str]) -> str:
    store = object_store(load_settings(environment="test", environ=environ), FrozenClock())
    signed = await store.presign_download(
        key=new_object_key(), content_type="image/png", file_name="a", lifetime=timedelta(minutes=1)
    )
    return signed.url


async def test_a_folder_is_reached_through_us() -> None:
    settings = load_settings(environment="test", environ={})

    assert isinstance(object_store(settings, FrozenClock()), LocalObjectStore)
    assert (await address({})).startswith(f"{settings.app.public_base_url}/v1/files/")


async def test_a_bucket_is_reached_where_it_is() -> None:
    settings = load_settings(environment="test", environ=BUCKET)

    assert isinstance(object_store(settings, FrozenClock()), S3ObjectStore)
    assert (await address(BUCKET)).startswith("https://kro-sandbox.fra1.digitaloceanspaces.com/")
    by_path = BUCKET | {"KRO_AWS_ADDRESSING": "path"}
    assert (await address(by_path)).startswith("https://fra1.digitaloceanspaces.com/kro-sandbox/")
