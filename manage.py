"""Django's own command line, for developers; operators use `tachiai`."""

import os
import sys

from django.core.management import execute_from_command_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tachiai.config.settings")
execute_from_command_line(sys.argv)
