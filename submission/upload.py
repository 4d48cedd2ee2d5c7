"""`upload-submission`: image, weights and service, step by step, each kept when it is done."""

from __future__ import annotations

from pathlib import Path

from submission import container, images
from submission.platform import Platform, Say
from submission.refusal import Refusal
from submission.state import State, Wanted

MACHINE = ("linux", "amd64")  # what the platform runs; an image built on an ARM Mac is another
PORT = "8000/tcp"  # the challenge template's; the platform has no setting for it


class Upload:
    """The steps that are not done yet, taken in order.

    Args:
        platform: where to.
        state: what is done; updated after every step.
        say: called with a line for every step.
        dry: skopeo's command is said and not run.
    """

    def __init__(self, platform: Platform, state: State, say: Say, *, dry: bool = False) -> None:
        self._platform = platform
        self._state = state
        self._say = say
        self._dry = dry

    def run(self) -> str:
        """Return the ID of the inference service.

        Raises:
            Refusal: a step failed; the next run goes on with it.
        """
        artifact = self._artifact()
        model = self._model()
        return self._service(artifact, model)

    @property
    def _wanted(self) -> Wanted:
        return self._state.record.wanted

    def _artifact(self) -> str:
        state, platform = self._state, self._platform
        if self._wanted.artifact:
            self._say(f"Artifact {self._wanted.artifact} (given)")
            return self._wanted.artifact
        source = self._source()
        if state.record.artifact is None:
            if not self._dry:
                self._look_at(source)
            if state.interrupted("artifact"):
                self._say("An earlier run may have left an empty artifact behind; it costs nothing")
            state.begin("artifact")
            artifact = platform.create_artifact(self._wanted.account)
            state.update(artifact=artifact, pending=None)
        artifact = state.record.artifact or ""
        self._say(f"Artifact {artifact}")
        if state.record.digest is None:
            state.update(digest=self._push(source, artifact))
        self._say(f"Image {state.record.digest} is in the registry")
        if not state.record.artifact_finalized:
            platform.finalize_artifact(artifact)
            state.update(artifact_finalized=True)
        platform.wait("artifacts", artifact, self._say)
        return artifact

    def _source(self) -> str:
        """Asks no engine for a dry run, which may be about an image that is not built yet."""
        name = self._wanted.image or ""
        named = self._dry or name.startswith(images.TRANSPORTS)
        return container.source(name, None if named else container.find_engine())

    def _look_at(self, source: str) -> None:
        facts = images.inspect(source)
        if (facts.system, facts.architecture) != MACHINE:
            raise Refusal(
                f"{source} is built for {facts.system}/{facts.architecture}; the platform runs "
                f"{'/'.join(MACHINE)}. Build it with `docker build --platform linux/amd64 ...`."
            )
        if facts.ports and PORT not in facts.ports:
            self._say(f"Note: the image exposes {', '.join(facts.ports)} and not {PORT}")
        self._say(f"Image {source}: {facts.layers} layers, {facts.size / 1e6:.0f} MB to send")

    def _push(self, source: str, artifact: str) -> str:
        connection = self._platform.connection
        registry, insecure = connection.registry, connection.insecure
        if self._dry:
            command = images.push_command(source, registry, artifact, insecure)
            self._say(f"skopeo {' '.join([command[0], '--dest-authfile [file]', *command[1:]])}")
            return "sha256:..."
        return images.push(source, registry, artifact, connection.token, insecure=insecure)

    def _model(self) -> str | None:
        state, platform = self._state, self._platform
        if self._wanted.model:
            self._say(f"Model {self._wanted.model} (given)")
            return self._wanted.model
        if not self._wanted.volume:
            return None
        folder = Path(self._wanted.volume)
        if state.record.model is None:
            since = state.interrupted("model")
            model = platform.find_model(self._wanted, since) if since else None
            if model is None:
                state.begin("model")
                model = platform.create_model(self._wanted, folder)
            state.update(model=model, pending=None)
        model = state.record.model or ""
        self._say(f"Model {model}")
        if not state.record.model_finalized:
            platform.upload_volume(
                model,
                folder,
                state.record.uploaded,
                lambda path: state.update(uploaded=[*state.record.uploaded, path]),
            )
            platform.finalize_model(model)
            state.update(model_finalized=True)
        platform.wait("models", model, self._say)
        return model

    def _service(self, artifact: str, model: str | None) -> str:
        state, platform = self._state, self._platform
        if state.record.service is None:
            since = state.interrupted("service")
            service = platform.find_service(self._wanted, artifact, since) if since else None
            if service is None:
                state.begin("service")
                service = platform.create_service(self._wanted, artifact, model)
            state.update(service=service, pending=None)
        service = state.record.service or ""
        self._say(f"Inference service {service}")
        return service
