"""Read by pytest before ``tests/conftest.py``, whose imports already read the environment."""

from tests.environment import forget_the_shell

forget_the_shell()
