# SPDX-License-Identifier: Apache-2.0
"""The catalogue: every model that was promised is in it, and what can't be is refused by name."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from typing import Any

import pytest

from greenroom.engines import find_engines
from greenroom.engines.hosted.catalogue import catalogue
from greenroom.engines.hosted.connections import IDEMPOTENT, Connections
from greenroom.engines.hosted.settings import read_hosts
from greenroom.errors import ProjectError

PROMISED = {  # issue 4, with the modes of the design's table
    "kling-avatar-v2": {"talk", "animate"},
    "kling-lip-sync": {"lipsync"},
    "kling-v3-motion-control": {"mimic", "stage"},
    "dreamactor-m2.0": {"mimic"},
    "wan-2.7-r2v": {"animate", "stage"},
    "wan-2.2-animate-replace": {"replace"},
    "omni-human-1.5": {"talk"},
    "lipsync-2-pro": {"lipsync"},
    "react-1": {"lipsync"},
    "fabric-1.0": {"talk"},
    "flux-kontext-pro": {"portrait"},
    "flux-2-pro": {"portrait"},
    "nano-banana-pro": {"portrait"},
    "seedream-4.5": {"portrait"},
    "imagen-4": {"portrait"},
    "qwen-image-edit-2511": {"portrait"},
    "qwen-image-edit-2511-angles": {"portrait"},
}


@pytest.mark.parametrize("name", PROMISED)
def test_every_promised_model_has_modes_hosts_prices_and_where_they_come_from(name: str) -> None:
    model = catalogue().models[name]
    assert set(model.modes) == PROMISED[name]
    assert model.kind == ("image" if "portrait" in model.modes else "video")
    assert model.hosts[0].host in {"fal", "replicate", "sync"}
    for offer in model.hosts:
        assert offer.endpoint
        assert offer.inputs
        assert offer.sources
        assert offer.confidence != "unknown"
        assert (offer.price.amount is None) == (offer.price.confidence == "unknown")
        assert offer.price.dated == catalogue().dated


def test_each_of_the_ten_video_models_is_at_fal_and_at_replicate() -> None:
    films = [model for model in catalogue().models.values() if model.id in PROMISED and model.kind == "video"]
    assert len(films) == 10
    for model in films:
        assert {"fal", "replicate"} <= {offer.host for offer in model.hosts}


def test_models_are_found_by_their_short_names() -> None:
    found = catalogue().named("Fabric")
    assert found is not None
    assert found.id == "fabric-1.0"


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"hosts": {"fal": {"inputs": {"image_url": "portrayt"}}}}, ("fabric-1.0@fal", "image_url", "portrait")),
        ({"hosts": {"fal": {"price": {"unit": "minute"}}}}, ("fabric-1.0@fal", "minute", "output second")),
        ({"hosts": {"fal": {"limits": {"max_secons": 3}}}}, ("fabric-1.0@fal", "max_secons", "max_seconds")),
        ({"hosts": {"fal": {"limits": {"max_seconds": "long"}}}}, ("limits.max_seconds", "'long'")),
        ({"hosts": {"fal": {"price": {"amount": "-1"}}}}, ("price.amount", "'-1'")),
        ({"hosts": {"vall": {"endpoint": "x"}}}, ("there is no host vall",)),
        ({"modes": ["sing"]}, ('"sing"',)),
        ({"aliases": ["react"]}, ("react is a name of", "react-1")),
    ],
)
def test_what_cannot_be_is_refused_with_its_model(table: dict[str, Any], words: tuple[str, ...]) -> None:
    with pytest.raises(ProjectError) as refused:
        catalogue({"fabric-1.0": table})
    assert refused.value.where == "greenroom.toml, [models]"
    for word in words:
        assert word in refused.value.message


def test_all_that_is_wrong_is_told_at_once() -> None:
    table = {"fabric-1.0": {"kind": "sound", "hosts": {"fal": {"confidence": "sure"}}}}
    with pytest.raises(ProjectError) as refused:
        catalogue(table)
    assert "sound" in refused.value.message
    assert "sure" in refused.value.message


def test_a_project_lays_its_own_over_it() -> None:
    own = {"fabric-1.0": {"hosts": {"fal": {"price": {"amount": "0.12"}, "fixed": {"resolution": "480p"}}}}}
    offer = catalogue(own).models["fabric-1.0"].hosts[0]
    assert offer.price.amount == Decimal("0.12")
    assert offer.price.unit == "output second"
    assert offer.fixed == {"resolution": "480p"}
    assert catalogue().models["fabric-1.0"].hosts[0].price.amount == Decimal("0.15")


def test_a_price_of_ones_own_is_no_new_performance_and_an_endpoint_is() -> None:
    plain = find_engines()["fabric-1.0@fal"].capabilities().version
    cheaper = {"models": {"fabric-1.0": {"hosts": {"fal": {"price": {"amount": "0.12"}}}}}}
    moved = {"models": {"fabric-1.0": {"hosts": {"fal": {"endpoint": "studio/fabric"}}}}}
    assert find_engines(project=cheaper)["fabric-1.0@fal"].capabilities().version == plain
    assert find_engines(project=moved)["fabric-1.0@fal"].capabilities().version != plain


def test_a_model_of_ones_own_is_an_engine() -> None:
    own = {
        "title": "Ours",
        "modes": ["talk"],
        "hosts": {"replicate": {"endpoint": "studio/ours", "inputs": {"image": "portrait", "audio": "dialogue"}}},
    }
    engines = find_engines(project={"models": {"ours": own}})
    listing = engines["ours@replicate"].capabilities().listing
    assert listing is not None
    assert (listing.model, listing.price, listing.price_confidence) == ("ours", None, "unknown")


def test_previz_comes_first_and_no_engine_is_broken() -> None:
    assert next(iter(find_engines())) == "previz"


def test_the_list_of_engines_loads_neither_httpx_nor_the_keyring() -> None:
    code = (
        "import sys; from greenroom.engines import find_engines; assert 'fabric-1.0@fal' in find_engines();"
        "print(*sorted(sys.modules))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"httpx", "keyring", "numpy", "av", "cv2", "PIL"} & set(loaded)


@pytest.mark.parametrize("name", ["fal", "replicate", "sync", "kling", "dashscope", "comfyui"])
def test_what_is_said_of_hosts_without_loading_them_is_true(name: str) -> None:
    import asyncio

    settings, _ = read_hosts({})

    async def host() -> Any:
        return Connections(settings).host(name)

    found = asyncio.run(host())
    assert found.name == name
    assert found.idempotent == (name in IDEMPOTENT)
    assert found.needs_key == settings[name].needs_key
