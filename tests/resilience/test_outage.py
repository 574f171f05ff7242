from auth0_sso.events import Event, OutageBegan, OutageEnded
from auth0_sso.resilience.outage import Outage


def test_an_outage_begins_with_its_first_cause_and_ends_with_its_last() -> None:
    seen: list[Event] = []
    outage = Outage("management", seen.append)
    outage.resolve()
    outage.declare("timeout")
    outage.declare("timeout")
    outage.declare("token_status_401", cause="token")
    outage.resolve()
    assert seen == [OutageBegan("management", "timeout")]
    outage.resolve(cause="token")
    outage.resolve(cause="token")
    assert seen == [OutageBegan("management", "timeout"), OutageEnded("management")]
    outage.declare("status_503")
    assert seen[2:] == [OutageBegan("management", "status_503")]
