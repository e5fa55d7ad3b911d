"""The client against a real HTTP server that fails in every way a register can."""

import logging
from datetime import date, timedelta

import pytest
import time_machine
from django.conf import settings as project
from django.core.cache import cache
from django.utils import timezone

from companies import circuit_breaker
from companies import register as client
from companies.register import InvalidName, RegisterUnavailable, clean_name, find_by_siret, search
from demo.fake_register import Mode

SIRET = "00010037000014"
UNKNOWN = "00011005600017"
FAILURES = {
    Mode.HANG: "too slow|ReadTimeout",  # whichever of its two limits the client meets first
    Mode.TRICKLE: "too slow",
    Mode.TRICKLE_HEADERS: "too slow",
    Mode.ERROR: "status 500",
    Mode.GARBAGE: "unreadable",
    Mode.HUGE: "too long",
    Mode.DROP: "ConnectionError",
}


def exhaust(company_register, mode=Mode.ERROR):
    company_register.mode = mode
    for _ in range(circuit_breaker.FAILURES_ALLOWED):
        with pytest.raises(RegisterUnavailable):
            find_by_siret(SIRET)


def test_company_is_found_by_siret(company_register):
    company = find_by_siret(SIRET)

    assert company == client.Company(
        siret=SIRET,
        siren="000100370",
        name="PEINTURES VANNIER SARL",
        commune_code="21317",
        address="12 RUE DES TILLEULS 21120 IS-SUR-TILLE",
        naf="43.34Z",
        legal_form="5499",
        headcount=(6, 9),
        headcount_year=2024,
        craft=True,
        created_on=date(2012, 4, 2),
        is_closed=False,
        is_company_closed=False,
        closed_on=None,
        is_undisclosed=False,
        read_on=timezone.localdate(),
    )


def test_unknown_siret_is_none(company_register):
    assert find_by_siret(UNKNOWN) is None


def test_another_establishment_is_never_mistaken_for_the_one_asked(company_register):
    company_register.mode = Mode.FIXED
    company_register.body = {"results": company_register.results}

    assert find_by_siret(UNKNOWN) is None


def test_second_establishment_has_its_own_address_and_its_company_s_headcount(company_register):
    company = find_by_siret("00011004900020")

    assert company.commune_code == "21166"
    assert company.headcount == (20, 49)


def test_closed_company_is_found_and_reported_closed(company_register):
    company = find_by_siret("00011001500013")

    assert company.is_closed
    assert company.is_company_closed
    assert company.closed_on == date(2025, 11, 30)


def test_undisclosed_company_has_facts_and_no_name(company_register):
    company = find_by_siret("00011002300017")

    assert (company.is_undisclosed, company.name, company.address) == (True, "", "")
    assert (company.naf, company.headcount, company.commune_code) == ("62.01Z", (1, 2), "21231")


def test_no_register_means_no_call(company_register, settings):
    settings.REGISTER_URL = ""

    with pytest.raises(RegisterUnavailable):
        find_by_siret(SIRET)

    assert company_register.questions == []


@pytest.mark.parametrize("suffix", ["", "/", "/search", "/search/"])
def test_address_may_end_as_one_likes(company_register, settings, suffix):
    settings.REGISTER_URL = company_register.url + suffix

    assert find_by_siret(SIRET) is not None


@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "ftp://127.0.0.1/", "http://[", "nowhere", "http://"]
)
def test_address_that_is_not_http_is_never_opened(company_register, settings, address):
    settings.REGISTER_URL = address

    with pytest.raises(RegisterUnavailable):
        find_by_siret(SIRET)


@pytest.mark.parametrize(("mode", "reason"), FAILURES.items())
def test_failing_register_is_given_up_while_it_still_answers(company_register, fail, mode, reason):
    """The slow responses last minutes or never end: the test only ends because the client gives up."""
    fail(mode)

    with pytest.raises(RegisterUnavailable, match=reason):
        find_by_siret(SIRET)

    assert len(company_register.questions) == 1


def test_register_has_two_seconds():
    assert timedelta(seconds=2) == project.REGISTER_TIMEOUT


def test_nobody_listening_is_unavailable(company_register, settings):
    settings.REGISTER_URL = "http://127.0.0.1:9"

    with pytest.raises(RegisterUnavailable):
        find_by_siret(SIRET)


def test_redirect_is_not_followed(company_register):
    company_register.mode = Mode.REDIRECT

    with pytest.raises(RegisterUnavailable):
        find_by_siret(SIRET)

    assert len(company_register.questions) == 1


@pytest.mark.parametrize(
    "body",
    [
        None, [], "text", 3, {}, {"results": None}, {"results": {"siren": "x"}}, {"results": {}},
    ],
)  # fmt: skip
def test_answer_of_another_shape_is_unavailable(company_register, body):
    company_register.mode, company_register.body = Mode.FIXED, body

    with pytest.raises(RegisterUnavailable):
        find_by_siret(SIRET)


def test_answer_nested_too_deep_is_unavailable(company_register):
    company_register.mode = Mode.NESTED

    with pytest.raises(RegisterUnavailable):
        find_by_siret(SIRET)


def test_answer_is_cached(company_register):
    first = find_by_siret(SIRET)
    company_register.mode = Mode.ERROR

    assert find_by_siret(SIRET) == first
    assert len(company_register.questions) == 1


def test_unknown_siret_is_cached(company_register):
    find_by_siret(UNKNOWN)
    find_by_siret(UNKNOWN)

    assert len(company_register.questions) == 1


def test_failure_is_not_cached(company_register):
    company_register.mode = Mode.ERROR
    with pytest.raises(RegisterUnavailable):
        find_by_siret(SIRET)
    company_register.mode = Mode.ANSWER

    assert find_by_siret(SIRET) is not None


def test_register_that_keeps_failing_is_left_alone(company_register):
    exhaust(company_register)
    company_register.mode = Mode.ANSWER

    with pytest.raises(RegisterUnavailable):
        find_by_siret(SIRET)

    assert len(company_register.questions) == circuit_breaker.FAILURES_ALLOWED


def test_success_resets_the_count_of_failures(company_register):
    for unknown in ("00011005600017", "00011006400011", "00011007200014", "00011008000017"):
        company_register.mode = Mode.ERROR
        with pytest.raises(RegisterUnavailable):
            find_by_siret(SIRET)
        company_register.mode = Mode.ANSWER
        find_by_siret(unknown)

    assert find_by_siret(SIRET) is not None


def test_after_a_rest_one_caller_tries_and_success_reopens(company_register):
    exhaust(company_register)
    cache.delete(circuit_breaker.OPEN_KEY)
    company_register.mode = Mode.ANSWER

    assert circuit_breaker.may_call()
    assert not circuit_breaker.may_call()

    cache.delete(circuit_breaker.TRIAL_KEY)
    assert find_by_siret(SIRET) is not None
    assert circuit_breaker.may_call()
    assert circuit_breaker.may_call()


def test_after_a_rest_a_failed_trial_rests_again(company_register):
    exhaust(company_register)
    cache.delete(circuit_breaker.OPEN_KEY)

    with pytest.raises(RegisterUnavailable):
        find_by_siret(SIRET)

    assert not circuit_breaker.may_call()
    assert len(company_register.questions) == circuit_breaker.FAILURES_ALLOWED + 1


def test_too_many_requests_rests_as_long_as_asked(company_register, now):
    company_register.mode, company_register.retry_after = Mode.TOO_MANY, "4"
    with time_machine.travel(now, tick=False) as clock:
        with pytest.raises(RegisterUnavailable):
            find_by_siret(SIRET)
        company_register.mode = Mode.ANSWER

        clock.shift(timedelta(seconds=3))
        with pytest.raises(RegisterUnavailable):
            find_by_siret(SIRET)

        clock.shift(timedelta(seconds=2))
        assert find_by_siret(SIRET) is not None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("4", 4),
        (" 4 ", 4),
        ("", 5),
        ("soon", 5),
        ("-3", 5),
        ("9" * 5000, 5),
        ("99999999999999", 300),
        ("Sat, 21 Nov 2026 11:00:30 GMT", 30),
        ("Sat, 21 Nov 2026 11:00:30 -0000", 30),
    ],
)
def test_retry_after_is_read_in_both_forms(header, seconds):
    now = timezone.datetime(2026, 11, 21, 11, 0, tzinfo=timezone.get_fixed_timezone(0))

    asked = circuit_breaker.requested_pause(header, now=now)

    assert min(asked, circuit_breaker.MAX_PAUSE) == timedelta(seconds=seconds)


@pytest.mark.django_db(transaction=True)
def test_cache_that_is_away_stops_nobody(company_register, settings):
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "no_such_table"}
    }

    assert find_by_siret(SIRET) is not None
    exhaust(company_register)
    company_register.mode = Mode.ANSWER
    assert find_by_siret(SIRET) is not None


@pytest.mark.django_db
def test_answers_survive_the_database_s_cache(company_register, settings):
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}
    }
    cache.clear()

    assert find_by_siret(SIRET) == find_by_siret(SIRET)
    assert len(company_register.questions) == 1


@pytest.mark.parametrize("mode", [*FAILURES, Mode.TOO_MANY])
def test_nothing_personal_is_logged(fail, company_register, caplog, mode):
    fail(mode)
    with caplog.at_level(logging.INFO), pytest.raises(RegisterUnavailable):
        search("coiffure lise exemple")

    assert "register unavailable" in caplog.text
    assert "lise" not in caplog.text.lower()


def test_cache_key_does_not_tell_who_was_looked_for(company_register):
    assert "lise" not in client.cache_key({"q": "lise exemple"})


def test_search_by_name_and_commune_keeps_the_establishments_there(company_register):
    sirets = [company.siret for company in search("halles", "21231")]

    assert sorted(sirets) == ["00010444800014", "00011004900012"]


def test_search_by_name_alone_lists_every_establishment_found(company_register):
    sirets = [company.siret for company in search("Vêtements des Halles")]

    assert sirets == ["00011004900012", "00011004900020"]


def test_search_lists_closed_companies_last(company_register):
    company_register.mode = Mode.FIXED
    company_register.body = {"results": list(reversed(company_register.results))}

    closed = [company.is_closed for company in search("toutes")]

    assert closed == sorted(closed)
    assert any(closed)


def test_search_in_paris_asks_for_its_arrondissements(company_register):
    search("halles", "75056")

    codes = company_register.questions[0]["code_commune"].split(",")
    assert (codes[0], codes[-1], len(codes)) == ("75101", "75120", 20)


@pytest.mark.parametrize("text", ["", "ab", " a b ", "...", "é-à"])
def test_name_too_short_is_refused_with_a_sentence_and_never_asked(company_register, text):
    with pytest.raises(InvalidName, match="au moins 3 lettres"):
        clean_name(text)

    assert search(text) == []
    assert company_register.questions == []


def test_name_is_cut_and_cleaned():
    assert clean_name("  Les\u00a0\x00Halles \n") == "Les Halles"
    assert len(clean_name("x" * 5000)) == client.MAX_NAME_LENGTH


def test_question_that_the_register_refuses_finds_nothing(company_register):
    company_register.mode = Mode.ANSWER

    assert search("halles introuvables") == []
