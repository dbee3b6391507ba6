"""An AWS double for other-tools.test.ts: moto server, with what a deployment asks of it and it does not have.

    pip install 'moto[server]' && python3 test/deployment/moto-double.py 5055
"""

import json
import sys

import moto.cloudformation.models as cloudformation
import moto.cloudformation.responses as requests
import moto.events.models as events
from moto.server import main

# The pattern of an archive is an object in a template; moto's API wants text.
create_archive = events.EventsBackend.create_archive


def create_archive_of_template(self, name, source_arn, description, event_pattern, retention):
    text = json.dumps(event_pattern) if isinstance(event_pattern, dict) else event_pattern
    return create_archive(self, name, source_arn, description, text, retention)


events.EventsBackend.create_archive = create_archive_of_template

# ValidateTemplate refuses what cfn-lint warns of; CloudFormation does not.
lint = cloudformation.validate_template_cfn_lint
cloudformation.validate_template_cfn_lint = lambda template: [
    match for match in lint(template) if match.rule.id.startswith("E")
]

# A template in a bucket whose address is an IP address.
stack_from = requests.get_stack_from_s3_url
requests.get_stack_from_s3_url = lambda template_url, **rest: stack_from(
    template_url.replace("127.0.0.1", "localhost"), **rest
)

# UpdateTerminationProtection, of which nothing is kept.
requests.CloudFormationResponse.update_termination_protection = lambda self: (
    "<UpdateTerminationProtectionResponse><UpdateTerminationProtectionResult>"
    "<StackId>any</StackId>"
    "</UpdateTerminationProtectionResult></UpdateTerminationProtectionResponse>"
)

main(["-H", "127.0.0.1", "-p", sys.argv[1]])
