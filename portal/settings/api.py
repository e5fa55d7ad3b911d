"""The public API and its documentation."""

REST_FRAMEWORK = {
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PARSER_CLASSES": [
        "territories.api.parsers.FrenchJSONParser",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "UNAUTHENTICATED_USER": None,
    "NUM_PROXIES": 0,  # without a proxy of ours, X-Forwarded-For is whatever the caller wrote
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Relais Entreprises",
    "DESCRIPTION": (
        "Les thèmes, les sujets, les institutions, les communes, qui répond où, et les sujets d'un texte. "
        "Lecture seule."
    ),
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"validatorUrl": None, "supportedSubmitMethods": ["get"]},
}
