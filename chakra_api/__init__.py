"""ChakraHQ over HTTP. This package knows nothing of pipelines and stands alone."""
