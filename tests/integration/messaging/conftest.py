from tests.contract.conftest import _sandbox_process, sandbox_url

__all__ = ["_sandbox_process", "sandbox_url"]
