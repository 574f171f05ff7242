"""The application of the playground, which is there if the playground is served."""

from typing import Final

from auth0_devtenant.seed.models import Application, Seed

PLAYGROUND_CLIENT_ID: Final = "devPlayground0000000000000000000"


def with_playground(seed: Seed, origin: str) -> Seed:
    """Return the seed with the single page application of the playground at this origin."""
    url = f"{origin}/"
    application = Application(
        name="Playground",
        client_id=PLAYGROUND_CLIENT_ID,
        callback_urls=(url,),
        logout_urls=(url,),
        web_origins=(origin,),
    )
    others = (each for each in seed.applications if each.client_id != PLAYGROUND_CLIENT_ID)
    return seed.model_copy(update={"applications": (*others, application)})
