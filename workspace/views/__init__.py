"""Views of the inbox and of the request page: the company's need, its experts, their actions."""
